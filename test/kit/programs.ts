/**
 * The commands as they are installed: bundles in dist, built before the first test (vitest.config.ts) where their sources changed.
 * Tests start them hundreds of times, and from its sources each start takes three times as long.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAll } from '../../scripts/build.ts'

const NAMES = ['lvsm', 'lvsm-lease', 'lvsm-agent', 'lvsm-coordinator'] as const
export type Program = (typeof NAMES)[number]

/** For Node. */
export const program = (name: Program): string => join(import.meta.dirname, '../../dist', `${name}.mjs`)

/** What tests write temporarily is in one folder: nothing of it stays behind, whoever forgets to remove it. */
const FOLDER = 'LVSM_TESTS_FOLDER'
/** As everybody's, for programs that tests run as somebody else; its name is short, because paths of sockets have an end. */
function temporary(): () => void {
  if (process.env[FOLDER] !== undefined) return () => undefined
  const folder = mkdtempSync(join(tmpdir(), 't-'))
  chmodSync(folder, 0o1777)
  Object.assign(process.env, { [FOLDER]: folder, TMPDIR: folder })
  return () => rmSync(folder, { recursive: true, force: true })
}

/** As vitest calls it, for each project. */
export async function setup(): Promise<() => void> {
  const remove = temporary()
  await buildAll()
  return remove
}
