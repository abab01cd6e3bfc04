import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { portsOf, readHelpers } from './applications.ts'

it('reads which ports a module reads, and that it is not there', () => {
  const root = mkdtempSync(join(tmpdir(), 'lvsm-helpers-'))
  try {
    expect([...readHelpers(root)]).toEqual([])
    mkdirSync(join(root, 'ip_vs_ftp/parameters'), { recursive: true })
    writeFileSync(join(root, 'ip_vs_ftp/parameters/ports'), '21,2121\n')
    expect([...readHelpers(root)]).toEqual([['ftp', [21, 2121]]])
  } finally {
    rmSync(root, { recursive: true })
  }
})

it('takes nothing for a port that is none', () => expect(portsOf('21,0,x,')).toEqual([21]))
