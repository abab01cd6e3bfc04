/** The head of what coordinators know: who could take a group, and who may own it. */
import { beginState, parseDocument } from '@lvsm/changes'
import { type AgentReport, judge } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { clusterStatusOf } from './cluster-status.ts'
import { Reported } from './reported.ts'

const parsed = parseDocument(SAMPLE_DOCUMENT).document
if (!parsed) throw new Error('the sample has faults')
const STATE = beginState(parsed, { at: 0, author: 'init', comment: '' })
const { nodes, services } = STATE.config
const [service] = services
const VIPS = STATE.config.groups[0]?.addresses.map(({ address }) => address).join(', ')
const VOTER = nodes.find(({ voter, roles }) => voter && !roles.includes('director'))?.name ?? ''

interface Ailment {
  /** What they do not hear. */
  readonly deaf?: readonly string[]
  readonly quorum?: boolean
  readonly ready?: string | null
  /** Whom it takes for the owner. */
  readonly owner?: string | null
  readonly standby?: boolean
  readonly table?: boolean
  readonly shut?: string
}
/** What each node reports; null: nothing for long. */
function head(
  ailing: Readonly<Record<string, Ailment | null>> = {},
  { owner = 'dir1' }: { readonly owner?: string | null } = {},
): string {
  const reported = new Reported()
  for (const { name, roles } of nodes) {
    const ailment = ailing[name] === undefined ? {} : ailing[name]
    if (ailment) reported.take(name, reportOf(name, roles, ailment, owner), AT)
  }
  const status = clusterStatusOf({
    ...{ state: STATE, records: reported.all(), now: AT.now, node: 'dir1', troubles: [], counters: {} },
  })
  const { health, unserved, unserving, unmovable, other, unknown } = judge(status)
  const lines = { 'not served': unserved, 'not serving': unserving, 'cannot move': unmovable, 'not known': unknown }
  const said = Object.entries(lines).flatMap(([answer, all]) =>
    all.length > 0 ? [`${answer}: ${all.join('; ')}`] : [],
  )
  return [[health, ...other].join('; '), ...said].join(' | ')
}
const AT = { now: 10_000, wall: { now: '', latest: '', msOf: () => 0 } }

function reportOf(name: string, roles: readonly string[], ailment: Ailment, owner: string | null): AgentReport {
  const { deaf = [], quorum = true, ready = '', standby = false, table = true, owner: seen = owner } = ailment
  const owns = owner === name
  const isDirector = roles.includes('director')
  const group = {
    name: 'web',
    role: owns ? ('owner' as const) : ('standby' as const),
    owner: seen,
    number: 7,
    leftMs: 100,
  }
  const dests = service?.realservers.map(({ address, port }) => ({
    ...{ key: `${address}:${port}`, weight: 1, healthy: true, active: 0, inactive: 0, reason: 'connected' },
  }))
  const peers = nodes
    .filter((node) => node.name !== name)
    .map((node) => ({
      name: node.name,
      life: deaf.includes(node.name) ? ('dead' as const) : ('alive' as const),
      standby: false,
    }))
  const tables = owns && table && dests ? { http: dests } : {}
  return {
    ...{ boot: name, number: 1, whole: true, events: [], troubles: [], services: Object.keys(tables), tables },
    self: {
      revision: 1,
      state: owns ? 'owner' : isDirector ? 'standby' : 'serving',
      reason: 'well',
      standby,
      versions: {},
    },
    lease: { quorum, groups: [{ ...group, reason: seen === null ? 'nobody holds it' : 'held' }], peers },
    ...(isDirector && ready !== null ? { ready: { web: ready } } : {}),
    ...(ailment.shut === undefined ? {} : { shut: { web: ailment.shut } }),
  }
}
const DEAF = { deaf: ['dir1'] }
const others = (ailment: Ailment): Record<string, Ailment> =>
  Object.fromEntries(nodes.filter(({ name }) => name !== 'dir1').map(({ name }) => [name, ailment]))

test.each<[string, string, string]>([
  ['all is well', head(), 'healthy'],
  [
    'the standby is not ready',
    head({ dir2: { ready: 'this kernel has no IPVS' } }),
    'degraded | cannot move: nobody could take web: dir2: this kernel has no IPVS',
  ],
  [
    'the standby does not hear the third voter',
    head({ dir2: { deaf: [VOTER] } }),
    'degraded | cannot move: web is lost if dir1 dies: 2 of 3 voters must agree, and dir2 would have 1: itself, and whom it hears and is heard by',
  ],
  [
    'the third voter, a realserver, does not hear the standby: it would not vote for it',
    head({ [VOTER]: { deaf: ['dir2'] } }),
    'degraded | cannot move: web is lost if dir1 dies: 2 of 3 voters must agree, and dir2 would have 1: itself, and whom it hears and is heard by',
  ],
  [
    'the standby would let no client through',
    head({ dir2: { shut: 'lets no client of service http through: chain inet site in handle 4' } }),
    'degraded | cannot move: a switchover of web is refused (dir2 lets no client of service http through: chain inet site in handle 4); if dir1 dies, dir2 takes it all the same',
  ],
  [
    'an older agent does not say what it could take',
    head({ dir2: { ready: null } }),
    'not known | not known: who could take web (dir2: its agent did not say)',
  ],
  [
    'the standby is under maintenance',
    head({ dir2: { standby: true } }),
    'degraded | cannot move: nobody could take web: dir2: under maintenance; lvsm standby off dir2 ends it',
  ],
  [
    'nobody hears the standby any more, which said a moment ago that it is ready',
    head({ dir1: { deaf: ['dir2'] }, [VOTER]: { deaf: ['dir2'] } }),
    'not known | not known: who could take web (dir2: dir1 does not hear it)',
  ],
  [
    'the owner is dead, and nobody took over',
    head({ ...others(DEAF), dir1: null }, { owner: null }),
    `not served; dead: dir1 | not served: nobody owns web (${VIPS}): nobody holds it`,
  ],
  [
    'the owner does not report, and a voter hears it',
    head({ dir1: null, dir2: DEAF }, { owner: null }),
    'degraded; dead: dir1 | not known: who owns web (dir1 may: nothing is reported of it)',
  ],
  [
    'the owner said so a while ago, and its voters do not hear it any more',
    head({ ...others({ ...DEAF, owner: null }) }, { owner: 'dir1' }),
    `not served | not served: nobody owns web (${VIPS}): nobody holds it`,
  ],
  [
    'the owner did not report its table',
    head({ dir1: { table: false } }),
    'not known | not known: the table of http (dir1 did not tell it)',
  ],
])('%s', (_, said, words) => {
  expect(said).toBe(words)
})
