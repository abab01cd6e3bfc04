import { expect, test } from 'vitest'
import { type Grace, membarrier, openGrace } from './grace.ts'

/** Barriers that end when the test says so. */
function barriers(): { readonly out: (() => void)[]; readonly grace: Grace } {
  const out: (() => void)[] = []
  return { out, grace: openGrace((over) => void out.push(over)) }
}
const turn = (): Promise<void> => Promise.resolve()

test('those of one turn share a grace period; who asks while it runs waits for the next, which begins after it asked', async () => {
  const { out, grace } = barriers()
  const log: string[] = []
  grace(() => log.push('one'))
  grace(() => log.push('two'))
  await turn()
  expect(out).toHaveLength(1)
  grace(() => log.push('three'))
  await turn()
  expect(out, 'one at a time').toHaveLength(1)
  out[0]?.()
  expect(log).toEqual(['one', 'two'])
  expect(out).toHaveLength(2)
  out[1]?.()
  expect(log).toEqual(['one', 'two', 'three'])
  await turn()
  expect(out, 'nobody waits').toHaveLength(2)
})

test('who is called may ask again', async () => {
  const { out, grace } = barriers()
  const log: string[] = []
  grace(() => grace(() => log.push('again')))
  await turn()
  out[0]?.()
  await turn()
  expect(out).toHaveLength(2)
  out[1]?.()
  expect(log).toEqual(['again'])
})

test('the kernel has them, and the event loop goes on meanwhile', async () => {
  const grace = openGrace(membarrier)
  for (let round = 0; round < 5; round++) {
    let asynchronous = false
    const over = new Promise<void>((resolve) =>
      grace(() => {
        expect(asynchronous).toBe(true)
        resolve()
      }),
    )
    asynchronous = true
    await over
  }
})
