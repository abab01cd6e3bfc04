/** `lvsm rekey` as a process. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeOwnHalves, OWN_HALVES } from '@lvsm/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lvsm } from './agent.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-rekey-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const at = (...names: string[]): string => join(home, ...names)
const halves = () => decodeOwnHalves(readFileSync(at('state', OWN_HALVES), 'utf8')) ?? []

describe('lvsm rekey', () => {
  const rekey = () => lvsm(['rekey', '--state-dir', at('state')])
  it('makes one more key, and no third before the first is gone', async () => {
    mkdirSync(at('state'))
    writeFileSync(at('state', 'node.json'), '{}')
    const said = { code: 0, err: '', out: expect.stringMatching(/^a new heartbeat key is made/) }
    expect([await rekey(), halves().length]).toMatchObject([said, 1])
    const [first] = halves()
    expect([await rekey(), halves().length]).toMatchObject([said, 2])
    expect(halves()[0]).toEqual(first)
    const { code, err } = await rekey()
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/is not over: not every node has it\n {2}→ /) })
    expect(halves()).toHaveLength(2)
  })
  it('is for nodes with coordinators', async () => {
    const { code, err } = await rekey()
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/no node of a cluster with coordinators\n {2}→ /),
    })
    expect(existsSync(at('state'))).toBe(false)
  })
})
