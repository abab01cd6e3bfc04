import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfiguration } from './configuration.ts'
import { launch } from './launch.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-configuration-'))
})
afterEach(() => rmSync(home, { recursive: true }))
const written = (text: string): string => {
  const path = join(home, 'lvsm.yaml')
  writeFileSync(path, text)
  return path
}
const faultsOf = (text: string, self: Parameters<typeof readConfiguration>[1]): readonly string[] => {
  const read = readConfiguration(written(text), self)
  return read.ok ? [] : read.faults
}

test('--check prints warnings and ends well', () => {
  const [lines, printed, exits]: [string[], string[], number[]] = [[], [], []]
  const path = written(SAMPLE)
  launch(['--check', '--config', path], {
    say: (text) => void lines.push(text),
    print: (text) => void printed.push(text),
    complain: (text) => void lines.push(text),
    exit: (code) => void exits.push(code),
    on: () => undefined,
  })
  expect([printed, exits]).toEqual([[`${path}: no faults, 1 warning (cluster lab, revision 1)\n`], []])
  expect(lines).toEqual([expect.stringMatching(/lvsm\.yaml:5:41: warning: keys\[0\]\.secret: .*published example/)])
})

describe('the configuration', () => {
  test('is the same file for every node', () => {
    const path = written(SAMPLE)
    const [one, other] = ['dir1', 'rs3'].map((node) => readConfiguration(path, { node, named: true }))
    expect(one).toMatchObject({ ok: true, config: { cluster: 'lab' } })
    expect(other).toEqual(one)
  })
  test('that does not know this node is refused: whoever gave the name is told how to give another', () => {
    expect(faultsOf(SAMPLE, { node: 'dir3', named: true })[0]).toMatch(/there is no node "dir3"[^]*dir1/)
    expect(faultsOf(SAMPLE, { node: 'localhost', named: false })[0]).toMatch(
      /there is no node "localhost"[^]*hostname[^]*--node NAME/,
    )
    expect(faultsOf(SAMPLE, null)).toEqual([])
  })
  test('that says whose it is, as it once did, is refused with the way out', () => {
    const [fault] = faultsOf(SAMPLE.replace('revision', 'node: dir1\nrevision'), { node: 'dir1', named: true })
    expect(fault).toMatch(/lvsm\.yaml:2:[^]*the same on every node[^]*--node NAME/)
  })
  test('with faults names all of them, and that nothing was changed', () => {
    const faults = faultsOf(
      SAMPLE.replace('scheduler: wrr', 'scheduler: wheel').replace('weight: 1', 'weight: -1'),
      null,
    )
    expect(faults).toHaveLength(3)
    expect(faults.at(-1)).toMatch(/2 faults; nothing was changed/)
  })
  test('with thousands of faults names fifty, and says how many there are', () => {
    const faults = faultsOf(SAMPLE + Array.from({ length: 2000 }, (_, at) => `wrong${at}: 1\n`).join(''), null)
    expect(faults).toHaveLength(51)
    expect(faults.at(-1)).toMatch(/2000 faults, of which these are the first 50; nothing was changed/)
  })
  test('comes with what is probably not meant; a key file that is elsewhere is no fault of the file alone', () => {
    const found = readConfiguration(
      written(SAMPLE.replace(/secret: "\w+"/, 'file: key').replace('sha256', 'md5')),
      null,
    )
    expect(found).toMatchObject({
      ok: true,
      warnings: [
        { severity: 'warning', code: 'weak-mac', line: 5 },
        { severity: 'info', code: 'no-secret-file', line: 5, field: 'keys[0].file' },
      ],
    })
  })
  test('that is not there, or names a secret that is not there, is refused', () => {
    const missing = readConfiguration(join(home, 'none.yaml'), null)
    expect(missing).toMatchObject({ ok: false, faults: [expect.stringContaining('there is no such file')] })
    const [fault] = faultsOf(SAMPLE.replace(/secret: "\w+"/, 'file: key'), { node: 'dir1', named: true })
    expect(fault).toMatch(/lvsm\.yaml:5:\d+: keys\[0\]\.file: .*no such file[^]*openssl rand/)
  })
})
