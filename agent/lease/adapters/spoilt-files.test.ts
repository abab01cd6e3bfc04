/** What somebody else, or a bad disk, made of the files: they read as the safe side, say so, and nothing waits for them. */
import { encodeState } from '@lvsm/protocol'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openState, setUp } from './state.ts'

const STATE = { limitMs: 350, highWater: 1007, standby: true }
const AT_WORK = { ...STATE, standby: false }
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-spoilt-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const file = (name: string): string => join(directory, name)
const again = () => openState(directory, () => undefined)
const sealed = (content: Uint8Array): Buffer => Buffer.concat([content, sha256(content)])

describe.each([
  ['lease.state', sealed(encodeState(STATE))],
  ['lease.view', sealed(Uint8Array.of(1))],
])('%s', (name, content) => {
  const spoilers: readonly (readonly [string, RegExp, () => void])[] = [
    ['a FIFO', /a FIFO/, () => execFileSync('mkfifo', [file(name)])],
    ['a directory', /a directory/, () => mkdirSync(file(name))],
    ['a device that never ends', /symbolic links/, () => symlinkSync('/dev/zero', file(name))],
    ['damaged', /is damaged/, () => writeFileSync(file(name), 'damaged')],
    ['empty', /is damaged/, () => writeFileSync(file(name), '')],
    ['endless', /larger than/, () => writeFileSync(file(name), Buffer.alloc(17 * 1024 * 1024))],
    [
      'somebody else’s, by a link',
      /symbolic links/,
      () => {
        writeFileSync(file('elsewhere'), content)
        symlinkSync(file('elsewhere'), file(name))
      },
    ],
  ]
  test.each(spoilers)('that is %s is not used, at once, and said to be so', (_, because, spoil) => {
    spoil()
    const { state, view, damaged } = again()
    expect([state, view]).toEqual([null, null])
    expect(damaged).toEqual([expect.stringMatching(because)])
    expect(damaged[0]).toContain(file(name))
  })
})

test('what is not there is not damaged', () => expect(again().damaged).toEqual([]))

test('nothing is written through a link that somebody put where the new file goes', async () => {
  writeFileSync(file('precious'), 'precious')
  symlinkSync(file('precious'), file('lease.state.new'))
  symlinkSync(file('precious'), file('lease.state'))
  await again().save(STATE)
  expect(readFileSync(file('precious'), 'utf8')).toBe('precious')
  expect(lstatSync(file('lease.state')).isFile()).toBe(true)
  expect(again().state).toEqual(STATE)
})

describe('standby', () => {
  test('is known also when the state is damaged, or lost', async () => {
    await again().save(STATE)
    writeFileSync(file('lease.state'), 'damaged')
    expect(again()).toMatchObject({ state: null, standby: true })
    rmSync(file('lease.state'))
    expect(again()).toMatchObject({ state: null, standby: true })
    expect(await setUp(directory)).toBe('lost')
  })
  test('is over when the state says so, whatever was left behind', async () => {
    const state = again()
    await state.save(STATE)
    await state.save(AT_WORK)
    expect(existsSync(file('lease.standby'))).toBe(false)
    writeFileSync(file('lease.standby'), '')
    expect(again()).toMatchObject({ state: AT_WORK, standby: false })
  })
  test('of a node that never had it is off without a state', () => {
    writeFileSync(file('lease.state'), 'damaged')
    expect(again()).toMatchObject({ state: null, standby: false })
  })
  test('stands in the mark before the state may rely on it', async () => {
    mkdirSync(file('lease.state'))
    await expect(again().save(STATE)).rejects.toThrow()
    expect(existsSync(file('lease.standby'))).toBe(true)
    expect(again()).toMatchObject({ state: null, standby: true })
  })
})
