import { nftables, readMessages } from '@lvsm/netlink'
import { expect, test } from 'vitest'
import { readElements } from './drop-rules.ts'

const NAME = { family: 'inet', table: 'site', set: 'strangers' } as const
const MESSAGES = 500
test('of a list of strangers no more is read than says that it is one', () => {
  const elements = Array.from({ length: 400 }, (_, at) => ({ key: nftables.portKey(at) }))
  let looked = 0
  const messages = Array.from({ length: MESSAGES }, () => {
    const [message] = readMessages(nftables.newElements(NAME, elements)).messages
    if (!message) throw new Error('no message')
    return Object.defineProperty({ ...message }, 'payload', {
      get() {
        looked++
        return message.payload
      },
    })
  })
  expect(readElements({ dump: () => messages }, NAME)).toBeNull()
  expect(looked).toBeLessThan(MESSAGES / 10)
  expect(readElements({ dump: () => messages.slice(0, 1) }, NAME)).toHaveLength(400)
})
