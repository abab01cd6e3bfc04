import { expect, test } from 'vitest'
import { judged, type Measured, readWrk } from './wrk-report.ts'

const REPORT = `Running 8s test @ http://10.11.0.10/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.51ms    2.11ms  41.02ms   80.12%
    Req/Sec     2.46k   311.20     3.01k    71.00%
  Latency Distribution
     50%    6.10ms
     75%    7.20ms
     90%    8.90ms
     99%   14.25ms
  19712 requests in 8.05s, 4.91MB read
Requests/sec:   2448.70
Transfer/sec:    624.10KB
`

test('what wrk says of a run, in any of its units', () => {
  expect(readWrk(REPORT)).toEqual({ perSecond: 2448.7, medianMs: 6.1, p99Ms: 14.25 })
  expect(readWrk(REPORT.replace('6.10ms', '610.00us').replace('14.25ms', '1.20s'))).toMatchObject({
    medianMs: 0.61,
    p99Ms: 1200,
  })
})

test('requests that failed are no figure, and neither is a report without one', () => {
  const failed = REPORT.replace('Requests/sec', '  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec')
  expect(() => readWrk(failed)).toThrow(/requests of wrk failed: Socket errors: connect 0, read 3/)
  expect(() => readWrk(REPORT.replace('Transfer', '  Non-2xx or 3xx responses: 7\nTransfer'))).toThrow(/Non-2xx/)
  expect(() => readWrk('unable to connect to 10.11.0.10:80')).toThrow(/no figures/)
})

test('medians must be apart by less than bare IPVS is among itself', () => {
  const run = (perSecond: number): Measured => ({ perSecond, medianMs: 10_000 / perSecond, p99Ms: 40_000 / perSecond })
  const bare = [1000, 1010, 990, 1005, 995].map(run)
  expect(judged(bare, [998, 1003, 992, 1001, 1000].map(run)).met).toBe(true)
  const slow = judged(bare, [970, 975, 968, 972, 974].map(run))
  expect(slow.met).toBe(false)
  expect(slow.lines[0]).toBe('requests a second: bare 1000, lvsm 972; apart 28, bare among itself 20 (5 runs): MISSED')
})
