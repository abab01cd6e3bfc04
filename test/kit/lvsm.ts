/** `lvsm` as one bundle, made before the first test (vitest.config.ts): dozens of tests start it, and from its sources each start takes twice as long. */
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, bundles } from '../../scripts/build.ts'

const FOLDER = join(import.meta.dirname, '../../.cache/tests')

/** For Node. */
export const LVSM = join(FOLDER, 'lvsm.mjs')

/** As vitest calls it. Another run beside may make it too. */
export async function setup(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  const made = join(FOLDER, `lvsm-${process.pid}.mjs`)
  await bundle(bundles['lvsm'] ?? '', made)
  renameSync(made, LVSM)
}
