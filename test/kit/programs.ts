/**
 * The commands as they are installed: bundles in dist, built before the first test (vitest.config.ts) where their sources changed.
 * Tests start them hundreds of times, and from its sources each start takes three times as long.
 */
import { join } from 'node:path'
import { buildAll } from '../../scripts/build.ts'

const NAMES = ['lvsm', 'lvsm-lease', 'lvsm-agent', 'lvsm-coordinator'] as const
export type Program = (typeof NAMES)[number]

/** For Node. */
export const program = (name: Program): string => join(import.meta.dirname, '../../dist', `${name}.mjs`)

/** As vitest calls it. */
export async function setup(): Promise<void> {
  await buildAll()
}
