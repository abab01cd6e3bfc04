/** A director on standby takes nothing, whatever happens to it and to the owner, until it is told otherwise. */
import { begin, type Plot } from '../plot.ts'
import { plainShape } from '../shape.ts'

const STANDBY: Plot = {
  name: 'standby over restarts',
  shape: (random) => plainShape(random, { directors: 2, others: 2 }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    const other = cluster.machines.find(({ name }) => group?.directors.includes(name) && name !== owner?.name)
    if (!group || !owner || !other) return 'nobody answers'
    other.put({ kind: 'standby', on: true, reason: 'maintenance' })
    cluster.run(2 * keepaliveMs + 20)
    if (cluster.random.next() < 0.5) other.cutPower()
    else other.kill()
    cluster.run(20)
    other.start()
    cluster.run(2 * leaseMs)
    owner.cutPower()
    const taken = (): boolean => cluster.ownerOf(group) !== undefined
    if (cluster.runUntil(taken, 3 * leaseMs, keepaliveMs / 4)) return `${other.label} takes ${group.name} on standby`
    other.put({ kind: 'standby', on: false, reason: 'maintained' })
    return cluster.runUntil(taken, 3 * keepaliveMs + 20, 1) ? null : `${other.label} takes nothing after its standby`
  },
}

export const STANDBYS: readonly Plot[] = [STANDBY]
