import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fields, readFields } from '../fields.ts'
import type { Lab } from './boot.ts'
import { cache, LabError } from './paths.ts'

const record = join(cache, 'up.json')
const LAB: Fields<Lab> = {
  pid: 'number',
  address: 'record',
  token: 'text',
  dir: 'text',
  topology: 'text',
  cluster: 'any',
  host: 'truth',
}

/** Is this process ours still, and not another one with its number? */
export function alive(lab: Lab): boolean {
  try {
    return readFileSync(`/proc/${lab.pid}/cmdline`, 'utf8').includes(lab.dir)
  } catch {
    return false
  }
}

/** The lab that stays up, if there is one. */
export function standing(): Lab | undefined {
  if (!existsSync(record)) return undefined
  const lab = readFields(record, readFileSync(record, 'utf8'), LAB)
  if (alive(lab)) return lab
  forget(lab)
  return undefined
}

export function remember(lab: Lab): void {
  mkdirSync(cache, { recursive: true })
  writeFileSync(record, JSON.stringify(lab), { mode: 0o600 })
}

export function forget(lab: Lab): void {
  rmSync(record, { force: true })
  rmSync(lab.dir, { recursive: true, force: true })
  if ('path' in lab.address) rmSync(lab.address.path, { force: true })
}

export function demandStanding(): Lab {
  const lab = standing()
  if (!lab) throw new LabError('no lab is up', 'npm run lab -- up [--cluster]')
  return lab
}

/** Removes the directories of runs whose command was killed: each is named after its process. */
export function sweep(): void {
  const runs = join(cache, 'runs')
  const kept = standing()?.dir
  for (const name of existsSync(runs) ? readdirSync(runs) : []) {
    const dir = join(runs, name)
    if (dir !== kept && !existsSync(`/proc/${name.split('-').at(-1)}`)) rmSync(dir, { recursive: true, force: true })
  }
}
