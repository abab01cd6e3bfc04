import { describe, expect, it } from 'vitest'
import { type Request, summary } from './requests.ts'

const good = (began: number, ms: number, server = 'rs1'): Request => ({ began, ended: began + ms, server })

describe('what a client saw', () => {
  it('the gap is between successes by their ends, the longest request counts apart', () => {
    const seen = summary([good(0, 5), good(20, 5), good(40, 1036), good(60, 5, 'rs2'), good(400, 5)])
    expect(seen).toMatchObject({
      requests: 5,
      failed: 0,
      longestGapMs: 671,
      longestGapFrom: 405,
      longestRequestMs: 1036,
      longestRequestAt: 40,
      medianRequestMs: 5,
      servers: { rs1: 4, rs2: 1 },
    })
  })
  it('failures are counted and named, and end no gap', () => {
    const lost: Request = { began: 20, ended: 120, server: undefined, error: 'ECONNREFUSED' }
    const seen = summary([good(0, 5), lost, good(200, 5)], 100)
    expect(seen).toMatchObject({
      failed: 1,
      failures: [{ began: 20, ms: 100, error: 'ECONNREFUSED' }],
      longestGapMs: 200,
    })
    expect(seen.timeline).toEqual([
      { at: 0, begun: 2, failed: 1, longest: 100 },
      { at: 200, begun: 1, failed: 0, longest: 5 },
    ])
  })
  it('nothing asked, nothing to report', () => {
    expect(summary([])).toMatchObject({ requests: 0, failed: 0, longestGapMs: 0, longestRequestMs: 0, timeline: [] })
  })
})
