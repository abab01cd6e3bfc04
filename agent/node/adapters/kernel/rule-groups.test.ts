import type { NatRules } from '@lvsm/plan'
import { expect, it } from 'vitest'
import { asMuchAs, hadAny } from './rule-groups.ts'

const socket = { address: '10.11.0.10', port: 80, protocol: 'tcp' } as const
const needs: NatRules = {
  untranslated: [],
  masquerade: [],
  handover: [{ ...socket, to: '10.11.0.2' }],
  suppressRst: [{ ...socket, at: 'output' }],
  marks: [{ address: '10.11.0.10', protocol: 'tcp', ports: { from: 80, to: 80 }, mark: 7 }],
  sync: { interface: 'inside', group: '224.0.0.81', port: 8848, peers: ['10.12.0.2'] },
}

it('is all but what the kernel does not take, each group tried once', () => {
  let tried = 0
  const takes = ({ handover }: NatRules): boolean => {
    tried += 1
    return handover.length === 0
  }
  const { handover: _, ...rest } = needs
  expect(asMuchAs(needs, takes)).toEqual({
    needs: { ...rest, handover: [] },
    without: ['packets that are handed back in a move'],
  })
  expect(tried).toBe(4)
})
it('is nothing where the kernel takes nothing', () => {
  const { needs: some, without } = asMuchAs(needs, () => false)
  expect([some, without.length]).toEqual([null, 4])
})
it('leaves a group out from under those that come after it', () => {
  const { needs: some } = asMuchAs(needs, ({ marks }) => marks === undefined)
  expect([some?.marks, some?.sync, some?.handover]).toEqual([undefined, needs.sync, needs.handover])
})
it('knows what stood before, which is worth more than what comes without it', () => {
  expect(hadAny(needs, ['marks'])).toBe(true)
  expect(hadAny({ ...needs, handover: [] }, ['packets that are handed back in a move'])).toBe(false)
  expect(hadAny(null, ['marks'])).toBe(false)
})
