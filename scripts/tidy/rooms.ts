/**
 * The rooms of the house and who may import whom: the one table that the walls, the house linter and
 * CONTRIBUTING.md speak of. A room may always import itself; whatever is not listed is a violation,
 * npm packages and Node's own modules included. Type imports count like all others.
 */
export interface Room {
  readonly name: string
  /** Folder, or one file. */
  readonly path: string
  /** Names of rooms. */
  readonly may: readonly string[]
  /** npm packages. */
  readonly packages?: readonly string[]
  /** Pure: no clock, timer, randomness, async, Node module or I/O. */
  readonly pure: boolean
}

const pure = (name: string, path: string, may: readonly string[], packages: readonly string[] = []): Room => ({
  name,
  path,
  may,
  packages,
  pure: true,
})
const impure = (name: string, path: string, may: readonly string[], packages: readonly string[] = []): Room => ({
  name,
  path,
  may,
  packages,
  pure: false,
})

const LIBRARY = [
  'base',
  'protocol',
  'model',
  'changes',
  'lease',
  'raft',
  'heartbeat',
  'health',
  'plan',
  'netlink',
  'kernel',
  'trust',
]

export const ROOMS: readonly Room[] = [
  pure('base', 'packages/base/src', []),
  pure('protocol', 'packages/protocol/src', ['base'], ['zod']),
  pure('model', 'packages/model/src', ['base', 'protocol'], ['zod', 'yaml']),
  pure('changes', 'packages/changes/src', ['base', 'protocol', 'model'], ['yaml']),
  pure('lease', 'packages/lease/src', ['base', 'protocol']),
  pure('raft', 'packages/raft/src', ['base']),
  pure('heartbeat', 'packages/heartbeat/src', ['base', 'protocol']),
  pure('health', 'packages/health/src', ['base']),
  pure('plan', 'packages/plan/src', ['base', 'model']),
  pure('netlink', 'packages/netlink/src', ['base']),
  impure('kernel', 'packages/kernel/src', ['base', 'netlink'], ['koffi']),
  impure('trust', 'packages/trust/src', ['base', 'protocol'], ['@peculiar/x509', 'reflect-metadata']),
  impure(
    'cli',
    'packages/cli/src',
    ['doctor', 'recipe', 'base', 'health', 'model', 'protocol', 'changes', 'trust'],
    ['commander', 'cli-table3', 'yaml', 'zod'],
  ),
  pure('doctor', 'packages/cli/src/doctor/core', ['base', 'model', 'protocol']),
  pure('recipe', 'packages/cli/src/recipe/core', ['base', 'model']),
  pure('driver', 'agent/driver', ['base']),
  pure('lease-core', 'agent/lease/core', ['base', 'protocol', 'lease', 'heartbeat']),
  pure('node-core', 'agent/node/core', ['base', 'protocol', 'model', 'changes', 'health', 'plan']),
  impure('process', 'agent/process', ['base', 'protocol', 'kernel']),
  impure('nodelink', 'agent/nodelink', ['protocol', 'trust'], ['ws']),
  pure('node-feed', 'agent/node/feed', ['base', 'protocol', 'model', 'changes']),
  pure('lease-ports', 'agent/lease/ports.ts', ['lease-core', 'base', 'protocol', 'lease', 'heartbeat']),
  pure('node-ports', 'agent/node/ports.ts', ['node-core', 'base', 'model', 'plan', 'protocol']),
  impure(
    'lease-adapters',
    'agent/lease/adapters',
    ['lease-core', 'lease-ports', 'base', 'protocol', 'lease', 'heartbeat', 'netlink', 'kernel', 'process'],
    ['@noble/hashes'],
  ),
  impure('node-adapters', 'agent/node/adapters', [
    'node-core',
    'node-feed',
    'node-ports',
    'base',
    'changes',
    'model',
    'changes',
    'plan',
    'protocol',
    'netlink',
    'kernel',
    'nodelink',
    'process',
    'trust',
  ]),
  impure(
    'lease-agent',
    'agent/lease',
    ['driver', 'process', 'lease-core', 'lease-ports', 'lease-adapters', ...LIBRARY],
    ['@noble/hashes'],
  ),
  pure('coordinator-ports', 'coordinator/ports.ts', ['base', 'protocol', 'raft']),
  impure('coordinator-configuration', 'coordinator/configuration.ts', ['base', 'protocol', 'raft', 'changes']),
  pure('coordinator-core', 'coordinator/core', ['coordinator-ports', 'base', 'protocol', 'model', 'raft', 'changes']),
  impure(
    'coordinator-store',
    'coordinator/adapters/store',
    ['coordinator-ports', 'base', 'protocol', 'raft', 'changes', 'process'],
    ['better-sqlite3'],
  ),
  pure(
    'coordinator-api',
    'coordinator/api',
    ['coordinator-configuration', 'base', 'protocol', 'model', 'changes'],
    ['zod'],
  ),
  impure(
    'coordinator-api-adapter',
    'coordinator/adapters/api',
    ['coordinator-api', 'coordinator-configuration', 'base', 'protocol', 'changes', 'nodelink', 'process', 'trust'],
    ['ws'],
  ),
  impure(
    'coordinator-links',
    'coordinator/adapters/links',
    ['coordinator-ports', 'base', 'protocol', 'raft', 'trust', 'nodelink', 'process'],
    ['ws'],
  ),
  pure('coordinator-electorate', 'coordinator/electorate', ['base']),
  pure('coordinator-feed', 'coordinator/feed', ['base', 'protocol', 'changes']),
  pure('coordinator-reported', 'coordinator/reported', ['base', 'protocol', 'model', 'changes']),
  impure(
    'coordinator-feed-adapter',
    'coordinator/adapters/feed',
    ['coordinator-feed', 'base', 'protocol', 'nodelink'],
    ['ws'],
  ),
  impure(
    'coordinator-joining',
    'coordinator/adapters/joining',
    ['nodelink', 'coordinator-links', 'base', 'protocol', 'trust'],
    ['ws'],
  ),
  impure('coordinator', 'coordinator', [
    'driver',
    'process',
    'coordinator-core',
    'coordinator-ports',
    'coordinator-configuration',
    'coordinator-store',
    'coordinator-links',
    'coordinator-joining',
    'coordinator-api-adapter',
    'coordinator-electorate',
    'coordinator-feed',
    'coordinator-feed-adapter',
    'coordinator-reported',
    'nodelink',
    'trust',
    ...LIBRARY,
  ]),
  impure('prober', 'agent/prober', ['base', 'protocol', 'model', 'process']),
  impure('examiner', 'agent/examiner', ['base', 'protocol', 'netlink', 'kernel']),
  impure('counts', 'agent/counts', ['base', 'protocol', 'model', 'netlink', 'kernel']),
  impure('node-agent', 'agent/node', [
    'driver',
    'process',
    'nodelink',
    'node-core',
    'node-feed',
    'node-ports',
    'node-adapters',
    ...LIBRARY,
  ]),
  pure('web-core', 'web/src/core', ['base', 'protocol']),
  impure('web', 'web', ['web-core', 'base', 'model', 'protocol'], ['preact', 'zod']),
]

/** Outside the table: scripts may import every library and each other; tests may import everything. */
export const SCRIPTS = { path: 'scripts', may: LIBRARY } as const
export const TEST = 'test'

/** The innermost room of a file: `agent/lease/core` before `agent/lease`. */
export const roomOf = (file: string, rooms: readonly Room[] = ROOMS): Room | undefined =>
  rooms
    .filter((room) => file === room.path || file.startsWith(`${room.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
