import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfiguration } from './configuration.ts'

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
  const read = readConfiguration(written(text), self, true)
  return read.ok ? [] : read.faults
}

describe('the configuration', () => {
  test('is the same file for every node', () => {
    const path = written(SAMPLE)
    const [one, other] = ['dir1', 'rs3'].map((node) => readConfiguration(path, { node, named: true }, true))
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
  test('that is not there, or names a secret that is not there, is refused', () => {
    const missing = readConfiguration(join(home, 'none.yaml'), null, true)
    expect(missing).toMatchObject({ ok: false, faults: [expect.stringContaining('there is no such file')] })
    expect(faultsOf(SAMPLE.replace(/secret: "\w+"/, 'file: key'), null)[0]).toContain('openssl rand')
  })
})
