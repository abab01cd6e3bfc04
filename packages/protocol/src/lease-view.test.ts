/** Which keys of pairs a view can have: their ids must not be those of keys that all nodes share. */
import { expect, test } from 'vitest'
import { FIRST_PAIR_KEY, impossibleView, LAST_PAIR_KEY, type LeaseView, PAIR_KEY_BYTES } from './lease-view.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const viewWith = (id: number, digits = 2 * PAIR_KEY_BYTES): LeaseView => ({
  ...{ cluster: 'lab', node: 'dir1', epoch: 1, revision: 1, timing, groups: [], signWith: 1 },
  keys: [{ id: 1, algorithm: 'sha256', secret: 'ab' }],
  nodes: [
    {
      ...{ name: 'dir2', links: [], voter: true },
      pair: { signWith: id, keys: [{ id, secret: 'a'.repeat(digits) }], shared: false },
    },
  ],
})

test.each([FIRST_PAIR_KEY, LAST_PAIR_KEY])('%i is the id of a pair’s key', (id) =>
  expect(impossibleView(viewWith(id))).toBeNull(),
)
test.each([1, FIRST_PAIR_KEY - 1, LAST_PAIR_KEY + 1, FIRST_PAIR_KEY + 0.5])('%d is not', (id) =>
  expect(impossibleView(viewWith(id))).toBe('its keys for "dir2" are none'),
)
test.each([0, 2 * PAIR_KEY_BYTES - 2, 2 * PAIR_KEY_BYTES + 2])('nor has one %i digits', (digits) =>
  expect(impossibleView(viewWith(FIRST_PAIR_KEY, digits))).toBe('its keys for "dir2" are none'),
)
