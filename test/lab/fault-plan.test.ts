import { seededRandom } from '@lvsm/base'
import { expect, it } from 'vitest'
import { type Fault, planned } from './fault-plan.ts'

const fault = (name: string, whom: Fault['whom']): Fault => ({ name, whom, begin: async () => undefined })
const faults = [fault('kill', 'any'), fault('power', 'no-owner'), fault('disk', 'any'), fault('partition', 'any')]
const wanted = { faults, rounds: 8, pairs: false, nodes: ['a', 'b', 'c'], owner: 'a' }
const lives = Array.from({ length: 200 }, (_, seed) => seed)

it('each fault comes once before any comes again', () => {
  for (const seed of lives) {
    const names = planned(seededRandom(seed), wanted)
      .flat()
      .map((hit) => hit.fault.name)
    for (const half of [names.slice(0, 4), names.slice(4)])
      expect(half.toSorted()).toEqual(['disk', 'kill', 'partition', 'power'])
  }
})

it('what would rightly move the group never hits the owner, and the same seed is the same plan', () => {
  for (const seed of lives) {
    const plan = planned(seededRandom(seed), { ...wanted, pairs: true })
    for (const hits of plan) {
      expect(new Set(hits.map(({ node }) => node)).size).toBe(hits.length)
      for (const {
        fault: { whom },
        node,
      } of hits)
        expect([whom, node]).not.toEqual(['no-owner', 'a'])
    }
    expect(planned(seededRandom(seed), { ...wanted, pairs: true })).toEqual(plan)
  }
})

it('everybody is hit, the owner too', () => {
  const hit = new Set(lives.flatMap((seed) => planned(seededRandom(seed), wanted).flat()).map(({ node }) => node))
  expect([...hit].toSorted()).toEqual(['a', 'b', 'c'])
})
