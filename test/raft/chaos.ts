/** What goes wrong, by chance. Each trouble ends by itself, or with all others at the healing. */
import { type Random, randomBetween } from '@lvsm/base'
import { JOINING, type MembershipEntry } from '@lvsm/raft'
import type { Way } from '../kit/network.ts'
import type { Host } from './host.ts'
import { BLANK } from './register.ts'
import type { Plot } from './life.ts'
import type { Content } from './store.ts'
import type { World } from './world.ts'

/** How often each comes, against the others. */
export type Mix = Readonly<Record<Trouble, number>>
export type Trouble =
  | 'crash'
  | 'blackout'
  | 'partition'
  | 'one-way'
  | 'storm'
  | 'slow-disk'
  | 'full-disk'
  | 'broken-disk'
  | 'pause'
  | 'lost-snapshots'

export const EVEN: Mix = {
  crash: 5,
  blackout: 1,
  partition: 3,
  'one-way': 3,
  storm: 2,
  'slow-disk': 3,
  'full-disk': 2,
  'broken-disk': 1,
  pause: 3,
  'lost-snapshots': 1,
}

export const empty = (): Content => ({ ...JOINING, machine: BLANK })

export class Chaos {
  readonly #world: World
  readonly #random: Random
  readonly #plot: Plot
  readonly #spells = new Set<() => void>()
  /** Ids whose database is gone. */
  readonly wiped = new Set<number>()

  constructor(world: World, random: Random, plot: Plot) {
    this.#world = world
    this.#random = random
    this.#plot = plot
  }

  /** Until then something goes wrong every now and then. */
  until(end: number, everyMs: readonly [number, number]): void {
    const { schedule } = this.#world
    const next = (): void => {
      const at = schedule.now + randomBetween(this.#random, ...everyMs)
      if (at >= end) return
      schedule.at(at, () => {
        this.#strike(this.#choose())
        next()
      })
    }
    next()
  }
  heal(): void {
    for (const end of [...this.#spells]) end()
    for (const host of this.#world.hosts) host.start()
  }

  #choose(): Trouble {
    const kinds = Object.entries(this.#plot.mix) as [Trouble, number][]
    let left = this.#random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0)
    return kinds.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'crash'
  }

  #strike(trouble: Trouble): void {
    const host = this.#victim()
    this.#world.note(`${trouble} ${host.name}`)
    this.#world.count(trouble)
    switch (trouble) {
      case 'crash':
        return this.#crash(host)
      case 'blackout':
        for (const one of this.#world.hosts) this.#crash(one)
        return
      case 'partition':
        return this.#partition()
      case 'one-way':
        return this.#oneWay(host)
      case 'storm':
        return this.#storm()
      case 'slow-disk':
        return this.#disk(host, { tookMs: [1, 250], stuck: this.#plot.stuck })
      case 'full-disk':
        return this.#disk(host, { full: true })
      case 'broken-disk':
        return this.#wipe(host)
      case 'pause':
        return host.hold(randomBetween(this.#random, 20, 900))
      case 'lost-snapshots':
        this.#world.snapshotLoss = 0.6
        return this.#for([500, 3000], () => void (this.#world.snapshotLoss = 0))
    }
  }

  /** The leader more often than others. */
  #victim(): Host {
    const { hosts } = this.#world
    const leader = this.#random.next() < 0.35 ? this.#world.leader() : null
    const any = hosts[Math.floor(this.#random.next() * hosts.length)]
    const host = leader ?? any
    if (!host) throw new Error('a world without hosts')
    return host
  }

  #for(ms: readonly [number, number], end: () => void): void {
    const once = (): void => {
      if (this.#spells.delete(once)) end()
    }
    this.#spells.add(once)
    this.#world.schedule.in(randomBetween(this.#random, ...ms), once)
  }

  #crash(host: Host): void {
    host.stop()
    this.#for(this.#plot.downMs, () => host.start())
  }

  #partition(): void {
    const sides = new Map(this.#world.hosts.map(({ name }) => [name, this.#random.next() < 0.5]))
    const cut = this.#world.network.cut(({ from, to }: Way) => sides.get(from) !== sides.get(to))
    this.#for([100, 1800], () => cut.end())
  }
  #oneWay(host: Host): void {
    const out = this.#random.next() < 0.5
    const peers = new Set(this.#world.hosts.filter(() => this.#random.next() < 0.6).map(({ name }) => name))
    const cut = this.#world.network.cut(({ from, to }: Way) =>
      out ? from === host.name && peers.has(to) : to === host.name && peers.has(from),
    )
    this.#for([100, 2000], () => cut.end())
  }
  #storm(): void {
    const storm = this.#world.network.storm({
      loss: this.#random.next() * 0.3,
      duplication: this.#random.next() * 0.3,
      delayMs: [0.05, 30 * this.#random.next()],
      straggle: 0.1,
      stragglerMs: 900 * this.#random.next(),
    })
    this.#for([200, 2000], () => storm.end())
  }

  #disk(host: Host, faults: Partial<Host['store']['faults']>): void {
    const { store } = host
    Object.assign(store.faults, faults)
    this.#for([100, 1800], () => store.recover())
  }

  /** By what it has in memory, and on disk. */
  #canSpareOne({ raft, content }: Host): boolean {
    const { log, commitIndex } = raft?.state ?? { log: null, commitIndex: 0 }
    const inMemory = log?.memberships.at(-1)
    if (inMemory && inMemory.index > commitIndex) return false
    const onDisk = content.entries.findLast((entry): entry is MembershipEntry => entry.kind === 'membership')
    const memberships = [
      inMemory?.membership ?? log?.snapshot.membership,
      onDisk?.membership ?? content.snapshot.membership,
    ]
    return memberships.every((membership) => {
      const members = membership?.members ?? []
      const voters = members.filter(({ role }) => role === 'voter')
      return members.length === 0 || (voters.length >= 3 && !members.some(({ id }) => this.wiped.has(id)))
    })
  }

  /** A disk that fails for good; at most one of those that vote, where the others are a majority. */
  #wipe(host: Host): void {
    if (host.id === 0 || !this.#world.hosts.every((one) => this.#canSpareOne(one))) return
    const { store } = host
    store.faults.broken = true
    this.wiped.add(host.id)
    this.#for([50, 1500], () => {
      host.stop()
      if (host.store !== store) return host.start()
      host.store = this.#world.newStore(empty())
      // Somebody starts it with the id that it had: it must be noticed.
      if (this.#random.next() < 0.7) host.start()
      else host.id = 0
    })
  }
}
