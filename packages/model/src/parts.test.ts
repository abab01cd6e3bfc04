/** Every key of the schema is in some digest: none that is new is forgotten. */
import { expect, test } from 'vitest'
import * as z from 'zod'
import { agreementDigests, differences } from './agreement.ts'
import { completeConfig } from './complete.ts'
import { lineText, linesOf, mayBeSaid } from './lines.ts'
import { subjectOf } from './parts.ts'
import { RECEIVER_TYPES } from './receivers.ts'
import { configSchema, type Written } from './schema.ts'
import { CHECKS, namesOf, NO_FALLBACK } from './tables/index.ts'

type Described = z.core.JSONSchema.BaseSchema
interface Leaf {
  readonly path: string
  readonly values: readonly [unknown, unknown]
}
/** Each key, with two values that it may have. */
function leavesOf(described: Described, path: string): Leaf[] {
  const own = OWN[path]
  if (own) return [{ path, values: own }]
  const { anyOf, items, properties } = described
  const long = anyOf?.find((one) => one.properties)
  if (long) return leavesOf(long, path)
  if (anyOf?.[0]) return leavesOf(anyOf[0], path)
  if (items && typeof items === 'object' && !Array.isArray(items)) {
    if (objectIn(items)) return leavesOf(items, path)
    return leavesOf(items, path).map(({ values: [one, other] }) => ({ path, values: [[one], [other]] as const }))
  }
  if (properties)
    return Object.entries(properties).flatMap(([key, value]) =>
      typeof value === 'object' ? leavesOf(value, path === '' ? key : `${path}.${key}`) : [],
    )
  return [{ path, values: valuesOf(described) }]
}
const objectIn = ({ properties, anyOf }: Described): boolean =>
  properties !== undefined || anyOf?.some((one) => one.properties) === true

function valuesOf({ type, enum: words, format, minimum }: Described): readonly [unknown, unknown] {
  if (words && words.length > 1) return [words[0], words[1]]
  if (type === 'integer' || type === 'number') return [(minimum ?? 0) + 1, (minimum ?? 0) + 2]
  if (type === 'boolean') return [false, true]
  if (format === 'address') return ['10.9.9.1', '10.9.9.2']
  if (format === 'duration') return ['7s', '8s']
  return ['one', 'two']
}
const OWN: Readonly<Record<string, readonly [unknown, unknown]>> = {
  'groups.vips.address': ['10.11.0.10/24', '10.11.0.10/25'],
  'groups.gateways.address': ['10.12.0.254/24', '10.12.0.253/24'],
  'services.scheduler-flags': [[], [NO_FALLBACK]],
  'services.persistence-netmask': ['255.255.255.0', '255.255.0.0'],
  'services.ports': [['81'], ['82']],
  'services.pool': ['one', 'two'],
  'services.check.via': [undefined, 'vip'],
  'services.realservers.agent': [true, false],
  'sync-link': ['inside', 'outside'],
  profile: ['fast', 'wan'],
}
/** Keys that stay on a node, or are of the coordinators alone. */
const OF_NO_NODE = new Set(['revision', 'epoch', 'kept-revisions', 'keys.secret', 'keys.insecure', 'nodes.coordinator'])

const SERVER = { address: '10.11.0.11', port: 80 }
const SERVICE = { group: 'web', address: '10.11.0.10', port: 80, protocol: 'tcp', scheduler: 'wrr' } as const
const servers = (['dr', 'nat', 'tun'] as const).map((forward) => ({
  ...{ node: forward, ...SERVER, forward, gateway: '10.12.0.254', 'upper-threshold': 9 },
  ...(forward === 'tun' ? { tunnel: 'gue' } : {}),
}))
/** Of everything one, since some keys count only beside others. */
const base = (): Written =>
  structuredClone({
    ...{ cluster: 'lab', revision: 1, 'sync-id': 1, 'monitoring-port': 9000, 'agent-port': 9001, 'sign-with': 1 },
    keys: [{ id: 1 }],
    nodes: [1, 2].map((at) => ({
      ...{ name: `dir${at}`, roles: ['director'] },
      links: [
        { name: 'inside', address: `10.12.0.${at}` },
        { name: 'outside', address: `10.11.0.${at}` },
      ],
    })),
    groups: [
      {
        ...{ name: 'web', directors: ['dir1', 'dir2'], ping: [] },
        ...{ vips: [{ address: '10.11.0.10/24' }], gateways: [{ address: '10.12.0.254/24' }] },
      },
    ],
    pools: [
      { name: 'one', realservers: servers },
      { name: 'two', realservers: servers.slice(1) },
    ],
    services: [
      { name: 'plain', ...SERVICE, realservers: servers },
      { name: 'pooled', ...SERVICE, pool: 'one', overrides: servers },
      { name: 'sticky', ...SERVICE, persistence: '5m', quorum: 2, realservers: servers },
      ...namesOf(CHECKS).map((type) => ({ name: type, ...SERVICE, check: { type }, realservers: servers })),
    ],
    receivers: RECEIVER_TYPES.map((type) => ({ name: type, type })),
  } as unknown as Written)

/** In every object of that path. */
function put(at: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (Array.isArray(at)) return at.forEach((one) => put(one, [key, ...rest], value))
  if (typeof at !== 'object' || at === null) return
  const object = at as Record<string, unknown>
  if (rest.length === 0) object[key] = value
  else {
    object[key] ??= {}
    put(object[key], rest, value)
  }
}
const withKey = (path: string, value: unknown) => {
  const written = base()
  put(written, path.split('.'), value)
  return completeConfig(written)
}

const LEAVES = leavesOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }), '')

test('the schema was walked', () => {
  const paths = new Set(LEAVES.map(({ path }) => path))
  expect(LEAVES.length).toBeGreaterThan(100)
  for (const path of [
    'sync-id',
    'groups.take-hooks',
    'services.realservers.gateway',
    'receivers.url',
    'nodes.links.address',
  ])
    expect(paths).toContain(path)
})

test.each(LEAVES.filter(({ path }) => !OF_NO_NODE.has(path)).map(({ path, values }) => [path, values] as const))(
  'another %s is another configuration',
  (path, [one, other]) => {
    const [here, there] = [withKey(path, one), withKey(path, other)]
    expect(differences(agreementDigests(here), agreementDigests(there))).not.toEqual([])
  },
)

test('what stays on a node is no difference', () => {
  for (const { path, values } of LEAVES.filter(({ path }) => OF_NO_NODE.has(path))) {
    const [here, there] = values.map((value) => agreementDigests(withKey(path, value)))
    expect(differences(here ?? {}, there ?? {}), path).toEqual([])
  }
})

test('an agent that knows other keys says nothing by those that it leaves out', () => {
  const [here, there] = [agreementDigests(withKey('sync-id', 3)), agreementDigests(withKey('sync-id', 4))]
  expect(differences(here, there)).toEqual(['synchronisation'])
  expect(differences(here, { ...there, schema: 'older' })).toEqual([])
})

test('lines say what people look for, and no secret', () => {
  const lines = linesOf(withKey('keys.secret', 'abcd'))
  expect(JSON.stringify(lines)).not.toContain('abcd')
  const texts = new Map(lines.map((line) => [lineText(line), [subjectOf(line.field), line.value]]))
  expect(texts.get('port of realserver plain/nat')).toEqual(['realservers', '80'])
  expect(texts.get('realservers of service plain')).toEqual(['realservers', 'dr nat tun'])
  expect(texts.get('sync id')).toEqual(['synchronisation', '1'])
  expect(texts.get('prefix of address web/10.11.0.10')).toEqual(['interfaces', '24'])
  expect(texts.get('address of link dir1/inside')).toEqual(['links', '10.12.0.1'])
  expect(
    lines.filter(({ field }) => field.startsWith('receivers.')).map(({ field }) => mayBeSaid(field)),
  ).not.toContain(true)
})
