/** Who is a coordinator, and who is to be one: where the two differ, status names the command. */
import type { Entry } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { seatTroubles } from './seats.ts'

const set = (node: string, values: object): Entry => ({
  kind: 'change',
  author: 'alice',
  at: 1,
  comment: '',
  base: null,
  command: { verb: 'set', noun: 'node', which: { node }, values: { ...values }, model: 1 },
})
function told(configuration: MemoryConfiguration, members: readonly string[]) {
  const state = configuration.known()
  return state ? seatTroubles(state, new Set(members)) : expect.fail('nothing is known')
}
async function said(members: readonly string[], ...changes: readonly Entry[]): Promise<string[]> {
  const configuration = new MemoryConfiguration()
  for (const change of changes)
    expect(await configuration.write(change)).toMatchObject({ outcome: { kind: 'changed' } })
  configuration.enrol('dir1', 'dir2', 'rs1')
  const troubles = told(configuration, members)
  return troubles.map(({ severity, message, hint }) => `${severity}: ${message} → ${hint}`)
}

test('nothing is said where those are coordinators that are to be', async () => {
  expect(await said(['dir1', 'dir2'])).toEqual([])
  expect(await said(['dir1', 'dir2', 'rs1'], set('rs1', { coordinator: true }))).toEqual([])
  expect(await said(['dir1'], set('dir2', { coordinator: false }))).toEqual([])
})
test('a director that is none, and a realserver that was named, have the command on their machine', async () => {
  expect(await said(['dir1'])).toEqual([
    'info: dir2 is a director, and may be a coordinator, and is none yet → on dir2: lvsm coordinators join; where it is to be none: lvsm node set dir2 coordinator=false',
  ])
  expect(await said(['dir1', 'dir2'], set('rs1', { coordinator: true }))).toEqual([
    expect.stringMatching(/^warning: rs1 is to be a coordinator, and is none yet → on rs1: lvsm coordinators join/),
  ])
})
test('one that is named no more is to be taken out; whoever has not joined yet is nobody', async () => {
  expect(await said(['dir1', 'dir2', 'rs1'])).toEqual([
    'warning: rs1 is one of the coordinators, and by the configuration it is to be none → take it out: lvsm coordinators remove rs1; where it is to stay one: lvsm node set rs1 coordinator=true',
  ])
  expect(await said(['dir1', 'dir2', 'rs9'])).toEqual([
    'warning: rs9 is one of the coordinators, and the configuration has no node of that name → take it out: lvsm coordinators remove rs9',
  ])
  const before = new MemoryConfiguration()
  before.enrol('dir1')
  expect(told(before, ['dir1'])).toEqual([])
})
