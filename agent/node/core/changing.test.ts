/** What is to be changed in the configuration is said as it is done here. */
import { expect, test } from 'vitest'
import { changeText } from './changing.ts'

test('by a command where there are coordinators, else in the file', () => {
  const change = ['lvsm drain rs1', 'weight: 0 for rs1'] as const
  expect(changeText({ follows: true }, ...change)).toBe('lvsm drain rs1')
  expect(changeText({ follows: false }, ...change)).toBe(
    'weight: 0 for rs1 in the configuration file of every node, and reload it there: systemctl reload lvsm-agent',
  )
})
