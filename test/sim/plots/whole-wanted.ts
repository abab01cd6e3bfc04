/** What operators want for a while, in whole nodes: it comes, it outlives the processes that carry it out, and it ends. */
import type { Subject } from '@lvsm/protocol'
import { destKey, serviceKey } from '@lvsm/model'
import { draftOf, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import { REACH_MS, want, wantNothing } from '../nodes/wants.ts'
import type { Plot } from '../plot.ts'

/** Until facts that reached an agent are carried out; one group after the other moves on the way to standby. */
const ACTS_MS = REACH_MS + 4000
const MOVES_MS = REACH_MS + 25_000
/** An agent and a lease process that start anew look, check, and hear of each other. */
const RESTARTS_MS = 6000

type Story = (fleet: Fleet) => string | null

const plotOf = (name: string, story: Story): Plot => ({
  name: `whole: ${name}`,
  shape: (random) => shapeFrom([draftOf(random)], random),
  play(cluster) {
    const fleet = new Fleet(cluster)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    const failure = story(fleet)
    if (failure !== null) return failure
    wantNothing(fleet)
    return fleet.settles('when it is over')
  },
})

/** Both processes of a node start anew. */
function restart(fleet: Fleet, name: string): void {
  const node = fleet.node(name)
  node.machine.kill()
  node.kill()
  node.machine.start()
  node.start()
  fleet.cluster.run(RESTARTS_MS + fleet.cluster.quarantineMs())
}

const unasked = ({ wantedLaw }: Fleet): string | null =>
  wantedLaw.asked === 0 ? 'no law was put to the question' : null

function stopped(fleet: Fleet): string | null {
  const { cluster, nodes } = fleet
  const group = cluster.pick(cluster.groups)
  const owner = cluster.ownerOf(group)
  if (!owner) return 'nobody answers'
  const answering = (): string | null => {
    const who = nodes.find(({ machine }) =>
      group.addresses.some(
        ({ address }) => machine.kernel.now.answersUntil(address, 'announce') > cluster.schedule.now,
      ),
    )
    const told = nodes.find(
      ({ agent }) => agent?.status().groups.find(({ name }) => name === group.name)?.state !== 'stopped',
    )
    return who ? `${who.name} answers` : told ? `${told.name} does not say that it is stopped` : null
  }
  want(fleet, 'stop', { kind: 'group', group: group.name })
  cluster.run(ACTS_MS)
  const early = answering()
  if (early !== null) return `a stopped group: ${early}`
  restart(fleet, owner.name)
  const late = answering()
  return late === null ? unasked(fleet) : `a stopped group, after a restart: ${late}`
}

function standby(fleet: Fleet): string | null {
  const { cluster } = fleet
  const owner = cluster.ownerOf(cluster.pick(cluster.groups))
  if (!owner) return 'nobody answers'
  const vacated = (): boolean =>
    cluster.groups.every((group) => {
      const now = cluster.ownerOf(group)
      return now !== undefined && now !== owner
    })
  want(fleet, 'standby', { kind: 'node', node: owner.name })
  if (!cluster.runUntil(vacated, MOVES_MS, 100)) return `${owner.name}, on standby, owns a group still`
  restart(fleet, owner.name)
  const row = fleet
    .node(owner.name)
    .agent?.status()
    .nodes.find(({ name }) => name === owner.name)
  if (row?.standby !== true || row.words?.holds !== 'shared') return `${owner.name} does not say that it is on standby`
  return vacated() ? null : `${owner.name}, on standby, owns a group after a restart`
}

function drained(fleet: Fleet): string | null {
  const { cluster, nodes, config } = fleet
  const service = cluster.pick(config.services)
  const entry = cluster.pick(service.realservers)
  const subject: Subject = { kind: 'server', node: entry.node, service: service.name }
  const group = config.groups.find(({ name }) => name === service.group)
  const directors = nodes.filter(({ name }) => group?.directors.includes(name))
  /** Null: it is not in the table. */
  const weights = (): (number | null)[] =>
    directors.map(({ plane }) => plane.services.get(serviceKey(service))?.dests.get(destKey(entry))?.weight ?? null)
  const steps = [
    ['drain', 0],
    ['stop', null],
    ['drain', 0],
    ['enable', entry.weight],
  ] as const
  for (const [verb, weight] of steps) {
    want(fleet, verb, subject)
    cluster.run(ACTS_MS + 4000)
    restart(fleet, cluster.pick(directors).name)
    if (weights().some((one) => one !== weight)) return `after ${verb}: ${entry.node} has ${JSON.stringify(weights())}`
  }
  return unasked(fleet)
}

export const WHOLE_WANTED: readonly Plot[] = [
  plotOf('a group is stopped for a while', stopped),
  plotOf('an owner is on standby for a while', standby),
  plotOf('a realserver is drained and stopped for a while', drained),
]
