import type { Netem } from '@lvsm/base'
import { expect, test } from 'vitest'
import { kernel, planInput, view } from './fixture.ts'
import { desired, NOTHING_OWNED, type Observed, troublesOf } from './index.ts'

const DELAY: Netem = { parent: 'root', delayMs: 700, jitterMs: 0, loss: 0, corrupt: 0 }
const said = (netem: Observed['netem']) => {
  const now = kernel(netem === undefined ? {} : { netem })
  return troublesOf(view('dir1'), desired(planInput('dir1'), now), now, NOTHING_OWNED).filter(
    ({ code }) => code === 'qdisc-harm',
  )
}

test('a delay on an interface that the cluster uses is one trouble, with the command that ends it', () => {
  expect(said([{ ...DELAY, index: 2 }])).toMatchObject([
    {
      severity: 'warning',
      object: 'interface inside',
      message:
        'interface inside of dir1 holds back for 700 ms what leaves by it: a queueing discipline netem stands there',
      hint: 'on dir1: tc qdisc del dev inside root, and take it from whatever makes it',
    },
  ])
})
test('loss is critical', () => {
  expect(said([{ ...DELAY, loss: 0.05, index: 2 }])).toMatchObject([
    { severity: 'critical', message: expect.stringContaining('holds back for 700 ms, loses 5 % of what leaves by it') },
  ])
})
test('one below a class is a warning: who knows what goes there?', () => {
  expect(said([{ ...DELAY, loss: 0.05, parent: '1:2', index: 2 }])).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('loses 5 % of a part of what leaves by it (below 1:2): a queueing'),
      hint: 'on dir1: tc qdisc del dev inside parent 1:2, and take it from whatever makes it',
    },
  ])
})
test('one that harms nothing, one where nothing of the cluster goes, and none at all are no trouble', () => {
  expect(said([{ ...DELAY, delayMs: 0, index: 2 }])).toEqual([])
  expect(said([{ ...DELAY, index: 1 }])).toEqual([])
  expect(said([])).toEqual([])
  expect(said(undefined)).toEqual([])
})
