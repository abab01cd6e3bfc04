/** Queueing disciplines, as `tc qdisc` shows them: bytes as linux/pkt_sched.h lays them out. */
import { expect, test } from 'vitest'
import { viewOf } from '../bytes.ts'
import { decodeQdisc, dumpQdiscs } from './qdisc.ts'

const message = (text: string) => ({
  ...{ type: 36, flags: 2, sequence: 1, port: 0 },
  payload: Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex')),
})
/** tcmsg: interface 2, handle 8001:, root, one reference; then TCA_KIND. */
const HEAD = '00000000 02000000 00000180 ffffffff 02000000'
const KIND = '0a000100 6e6574656d000000'
/** 700 ms in ticks of 64 ns (10937500), limit 1000, loss 5 %, gap 0, duplicate 0, jitter 10 ms (156250). */
const OPTIONS = '9ce4a600 e8030000 cccccc0c 00000000 00000000 5a620200'

test('netem has its delay, its jitter and its loss', () => {
  const decoded = decodeQdisc(message(`${HEAD} ${KIND} 1c000200 ${OPTIONS}`))
  expect(decoded).toMatchObject({ ok: true, value: { index: 2, kind: 'netem', netem: { parent: 'root', corrupt: 0 } } })
  if (!decoded.ok) return
  const { delayMs = 0, jitterMs = 0, loss } = decoded.value.netem ?? {}
  expect([Math.round(delayMs), Math.round(jitterMs), Math.round((loss ?? 0) * 100)]).toEqual([700, 10, 5])
})
test('what is longer than the old fields can say stands in nanoseconds; a share of corrupted packets, and a model of loss', () => {
  // TCA_NETEM_LATENCY64 = 300 s; TCA_NETEM_CORRUPT 10 %; TCA_NETEM_LOSS.
  const more = '0c000a00 00b864d945000000 0c000400 9a999919 00000000 08000500 00000000'
  const options = `9ce4a600 e8030000 00000000 00000000 00000000 00000000 ${more}`
  const length = (options.replaceAll(' ', '').length / 2 + 4).toString(16)
  const decoded = decodeQdisc(message(`${HEAD} ${KIND} ${length}000200 ${options}`))
  expect(decoded).toMatchObject({ ok: true, value: { netem: { delayMs: 300_000, loss: null } } })
  expect(decoded.ok && Math.round((decoded.value.netem?.corrupt ?? 0) * 100)).toBe(10)
})
test('one below a class names it', () => {
  const below = '00000000 02000000 00000180 02000100 02000000'
  expect(decodeQdisc(message(`${below} ${KIND} 1c000200 ${OPTIONS}`))).toMatchObject({
    value: { netem: { parent: '1:2' } },
  })
})
test('another kind has none; what is cut off is refused', () => {
  expect(decodeQdisc(message(`${HEAD} 0c000100 6e6f717565756500`))).toMatchObject({
    value: { kind: 'noqueue', netem: null },
  })
  expect(decodeQdisc(message(`${HEAD} ${KIND} 08000200 9ce4a600`)).ok).toBe(false)
  expect(decodeQdisc(message('0000')).ok).toBe(false)
})
test('the question is for those of all interfaces', () => {
  const request = dumpQdiscs()
  expect([viewOf(request).getUint16(4, true), request.length]).toEqual([38, 36])
})
