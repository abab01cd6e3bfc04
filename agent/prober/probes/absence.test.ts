/** A host that is not there is found, though nobody refuses a datagram; silence and a refusal are not taken for that. */
import { createSocket } from 'node:dgram'
import type { ProbeJob } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { attempt } from '../attempt.ts'
import { answerOf } from '../second-question.ts'
import { Absences, type Seek, seekBy } from './absence.ts'
import { askUdpBeside } from './udp.ts'

const TARGET = { address: '10.0.0.9', port: 53, source: null }
/** A way to seek that ends when the test says so. */
function held(): { seek: Seek; ends: ((found: string | null | undefined) => void)[] } {
  const ends: ((found: string | null | undefined) => void)[] = []
  return { seek: (_, done) => void ends.push(done), ends }
}

test('what is found counts until something else is found', () => {
  const { seek, ends } = held()
  const absences = new Absences(seek)
  const finds = (found: string | null | undefined): string | null => {
    absences.seek(TARGET)
    ends.shift()?.(found)
    return absences.of(TARGET)
  }
  expect(absences.of(TARGET)).toBeNull()
  expect(finds('no route')).toBe('no route')
  expect(finds('no route')).toBe('no route')
  expect(finds(undefined), 'nobody knows').toBe('no route')
  expect([finds(null), finds(undefined)]).toEqual([null, null])
  expect(finds('no route')).toBe('no route')
  absences.isThere(TARGET)
  expect(absences.of(TARGET), 'it answered').toBeNull()
})

test('one host is sought once at a time, others beside it, and not too many', () => {
  const { seek, ends } = held()
  const absences = new Absences(seek)
  absences.seek(TARGET)
  absences.seek(TARGET)
  expect(ends).toHaveLength(1)
  for (let port = 100; port < 1000; port += 1) absences.seek({ ...TARGET, port })
  expect(ends).toHaveLength(256)
  ends[0]?.(null)
  absences.seek(TARGET)
  expect(ends).toHaveLength(257)
})

test('as many as can be absent at once are remembered, the last of them', () => {
  const absences = new Absences((_, done) => done('no route'))
  for (let port = 1; port <= 5000; port += 1) absences.seek({ ...TARGET, port })
  const known = Array.from({ length: 5000 }, (_, at) => absences.of({ ...TARGET, port: at + 1 })).filter(Boolean)
  expect(known).toHaveLength(4096)
  expect(absences.of({ ...TARGET, port: 5000 })).toBe('no route')
})

test.each([
  ['EHOSTUNREACH', 3000, 'no route, or no answer to ARP'],
  ['EHOSTUNREACH', 10, undefined],
  // A router that knows no way to the network says nothing of the host.
  ['ENETUNREACH', 3000, undefined],
  ['ECONNREFUSED', 10, null],
])('what %s after %d ms says of a host', (code, tookMs, said) => {
  const error = Object.assign(new Error(code), { code })
  const found: unknown[] = []
  seekBy((_, done) => done(answerOf(error, tookMs)))(TARGET, (one) => void found.push(one))
  expect(found).toEqual([said])
})
test('silence is what a packet filter makes: it says nothing against the host', () => {
  const found: unknown[] = []
  seekBy((_, done) => done('silent'))(TARGET, (one) => void found.push(one))
  expect(found).toEqual([null])
})

test('a check of a host that was not there fails, and is well again when it is', async () => {
  const silent = createSocket('udp4')
  await new Promise<void>((done) => silent.bind(0, '127.0.0.1', done))
  const { port } = silent.address()
  const job = { address: '127.0.0.1', port, source: null, timeoutMs: 1000, keys: {} } as unknown as ProbeJob
  let found: string | null = 'no route, or no answer to ARP'
  const absences = new Absences((_, done) => done(found))
  const check = () =>
    new Promise((done) =>
      attempt(
        (...asked) => askUdpBeside(absences, ...asked),
        job,
        (...said) => done(said.slice(0, 2)),
      ),
    )
  expect(await check()).toEqual([true, 'nothing refused the datagram'])
  expect(await check()).toEqual([false, 'no answer, and the host is not there: no route, or no answer to ARP'])
  found = null
  await check()
  expect(await check()).toEqual([true, 'nothing refused the datagram'])
  silent.close()
})
