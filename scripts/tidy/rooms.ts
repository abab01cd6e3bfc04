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

/** Shapes of what travels: adapters and the wire read them. */
const MESSAGES = ['lease', 'heartbeat']
const LIBRARY = ['base', 'model', 'lease', 'heartbeat', 'health', 'plan', 'wire', 'netlink', 'kernel']

export const ROOMS: readonly Room[] = [
  pure('base', 'packages/base/src', []),
  pure('model', 'packages/model/src', ['base'], ['zod', 'yaml']),
  pure('lease', 'packages/lease/src', ['base']),
  pure('heartbeat', 'packages/heartbeat/src', ['base']),
  pure('health', 'packages/health/src', ['base']),
  pure('plan', 'packages/plan/src', ['base', 'model']),
  pure('netlink', 'packages/netlink/src', ['base']),
  pure('wire', 'packages/wire/src', ['base', 'model', ...MESSAGES]),
  impure('kernel', 'packages/kernel/src', ['base', 'netlink'], ['koffi']),
  impure('cli', 'packages/cli/src', ['base', 'model', 'wire'], ['commander', 'cli-table3', 'yaml']),
  pure('driver', 'agent/driver', ['base']),
  pure('lease-core', 'agent/lease/core', ['base', ...MESSAGES]),
  pure('node-core', 'agent/node/core', ['base', 'model', 'health', 'plan'], ['zod']),
  pure('lease-ports', 'agent/lease/ports.ts', ['lease-core', 'base', ...MESSAGES]),
  pure('node-ports', 'agent/node/ports.ts', ['node-core', 'base', 'model', 'wire', ...MESSAGES]),
  impure(
    'lease-adapters',
    'agent/lease/adapters',
    ['lease-core', 'lease-ports', 'base', 'wire', 'netlink', 'kernel', ...MESSAGES],
    ['@noble/hashes'],
  ),
  impure('node-adapters', 'agent/node/adapters', [
    'node-core',
    'node-ports',
    'base',
    'model',
    'wire',
    'netlink',
    'kernel',
    ...MESSAGES,
  ]),
  impure(
    'lease-agent',
    'agent/lease',
    ['driver', 'lease-core', 'lease-ports', 'lease-adapters', ...LIBRARY],
    ['@noble/hashes'],
  ),
  impure('node-agent', 'agent/node', ['driver', 'node-core', 'node-ports', 'node-adapters', ...LIBRARY]),
]

/** Outside the table: scripts may import every library and each other; tests may import everything. */
export const SCRIPTS = { path: 'scripts', may: LIBRARY } as const
export const TEST = 'test'

/** The innermost room of a file: `agent/lease/core` before `agent/lease`. */
export const roomOf = (file: string, rooms: readonly Room[] = ROOMS): Room | undefined =>
  rooms
    .filter((room) => file === room.path || file.startsWith(`${room.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
