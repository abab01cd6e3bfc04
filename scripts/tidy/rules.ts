/** From the table of rooms to rules for dependency-cruiser: every room is an allow-list. */
import type { IForbiddenRuleType } from 'dependency-cruiser'
import { ROOMS, type Room, SCRIPTS, TEST } from './rooms.ts'

/** Unit tests and their fixtures beside the code, and rooms' own test folders, may import what they like. */
const TESTS = ['\\.test\\.ts$', '/fixture[a-z-]*\\.ts$', `^${TEST}/`, '^packages/[^/]+/test/', '^web/test/']

const escaped = (path: string): string => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const within = (path: string): string => `^${escaped(path)}${path.endsWith('.ts') ? '$' : '/'}`
/** However npm lays it out; a package of ours is found at its room instead. */
const npm = (name: string): string => `(^|/)node_modules/${escaped(name)}/`

/** Files of a room: its folder without the rooms nested inside it. */
const files = (room: Room): { path: string; pathNot: string[] } => ({
  path: within(room.path),
  pathNot: [
    ...TESTS,
    ...ROOMS.filter((other) => other.path.startsWith(`${room.path}/`)).map((other) => within(other.path)),
  ],
})

function roomRule(room: Room): IForbiddenRuleType {
  const targets = room.may.map((name) => {
    const found = ROOMS.find((other) => other.name === name)
    if (!found) throw new Error(`room ${room.name} may import ${name}, which is no room`)
    return within(found.path)
  })
  const allowed = [within(room.path), ...targets, ...(room.packages ?? []).map(npm)]
  return {
    name: room.name,
    severity: 'error',
    comment: `${room.path} may import ${[...room.may, ...(room.packages ?? [])].join(', ') || 'nothing'}${room.pure ? '; it is pure' : ' and Node'}`,
    from: files(room),
    to: room.pure
      ? { pathNot: allowed, couldNotResolve: false }
      : { pathNot: allowed, couldNotResolve: false, dependencyTypesNot: ['core'] },
  }
}

const SPECIAL: IForbiddenRuleType[] = [
  {
    name: 'adapters-apart',
    severity: 'error',
    comment: 'adapters never import each other: what two of them need belongs to a core, a package or main.ts',
    from: { path: '^agent/([^/]+)/adapters/([^/.]+)', pathNot: TESTS },
    to: { path: '^agent/$1/adapters/', pathNot: '^agent/$1/adapters/$2[/.-]' },
  },
  {
    name: 'audit-apart',
    severity: 'error',
    comment: 'the judge shares no code with the accused',
    from: { path: '^packages/plan/src/audit', pathNot: TESTS },
    to: { path: '^packages/plan/src/diff' },
  },
  {
    name: 'scripts',
    severity: 'error',
    comment: 'scripts may import the packages, not the insides of a daemon',
    from: { path: within(SCRIPTS.path), pathNot: TESTS },
    to: { path: ['^agent/', '^packages/'], pathNot: SCRIPTS.may.map((name) => `^packages/${name}/src/`) },
  },
  {
    name: 'nothing-imports-test',
    severity: 'error',
    comment: 'tests know the product, the product does not know its tests',
    from: { pathNot: TESTS },
    to: { path: TESTS },
  },
  {
    name: 'found',
    severity: 'error',
    comment: 'the import leads nowhere',
    from: {},
    to: { couldNotResolve: true },
  },
]

export const FORBIDDEN: readonly IForbiddenRuleType[] = [...ROOMS.map(roomRule), ...SPECIAL]
