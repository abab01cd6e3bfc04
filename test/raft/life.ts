/** One seed, one life of some coordinators: what happens to them, and what must come of it. */
import { seededRandom } from '@lvsm/base'
import type { Settings } from '@lvsm/raft'
import { Chaos, empty, EVEN, type Mix } from './chaos.ts'
import { Client } from './clients.ts'
import { Violation } from './law.ts'
import { faultOf } from './linear.ts'
import { type Habits, memberIds, Operators } from './operators.ts'
import { HONEST, type Plant } from './plant.ts'
import { tellWhy } from './report.ts'
import { founded, World } from './world.ts'

export interface Plot {
  readonly name: string
  /** Voters at the start, and machines that may join. */
  readonly voters: readonly [number, number]
  readonly spares: readonly [number, number]
  readonly mix: Mix
  readonly habits: Habits
  readonly settings: Partial<Settings>
  readonly clients: number
  /** Milliseconds of a transaction while a disk is well. */
  readonly tookMs: readonly [number, number]
  /** Of a slow disk: probability that a transaction takes a second or two. */
  readonly stuck: number
  /** Milliseconds of a crash. */
  readonly downMs: readonly [number, number]
  /** How fast clocks run. */
  readonly rates: readonly [number, number]
  /** Milliseconds in which things go wrong, and how often. */
  readonly chaosMs: number
  readonly everyMs: readonly [number, number]
}
export const CHANCE: Plot = {
  name: 'chance',
  voters: [1, 5],
  spares: [0, 2],
  mix: EVEN,
  habits: { everyMs: [100, 500], transfers: 0.25 },
  settings: {},
  clients: 3,
  tookMs: [0.1, 4],
  stuck: 0.03,
  downMs: [5, 1200],
  rates: [0.9, 1.1],
  chaosMs: 7000,
  everyMs: [100, 900],
}

export interface Outcome {
  readonly seed: number
  /** What was broken; null when nothing was. */
  readonly failure: string | null
  readonly kind: 'passed' | 'safety' | 'liveness' | 'bug'
  /** Everything that one must know to see why it failed. */
  readonly why: string
  readonly lines: readonly string[]
  /** Operations that succeeded. */
  readonly done: number
  readonly asked: number
  readonly tally: ReadonlyMap<string, number>
}

const AFTERWARDS_MS = 3000
/** Operations that must succeed in that time. */
const LEAST_AFTERWARDS = 10
const SETTLES_MS = 6000
const LOOKS_MS = 50

export function live(seed: number, plant: Plant = HONEST, plot: Plot = CHANCE): Outcome {
  const world = new World(seed, plant, plot)
  const end = (kind: Outcome['kind'], failure: string | null): Outcome => ({
    seed,
    kind,
    failure,
    why: failure === null ? '' : tellWhy(world, plot.name, `${kind}: ${failure}`),
    lines: world.lines,
    done: done(world),
    asked: world.law.asked,
    tally: world.tally,
  })
  try {
    const failure = play(world, plot)
    const fault = faultOf(world.history)
    if (fault) return end('safety', `not linearizable: ${fault}`)
    return end(failure === null ? 'passed' : 'liveness', failure)
  } catch (error) {
    if (error instanceof Violation) return end('safety', error.message)
    return end('bug', error instanceof Error ? `${error.stack}` : String(error))
  }
}

const done = ({ history }: World): number => history.filter(({ outcome }) => outcome?.kind === 'saw').length

/** What did not come of it; null: all did. */
function play(world: World, plot: Plot): string | null {
  const random = seededRandom(world.seed ^ 0x5eed)
  populate(world, plot)
  const chaos = new Chaos(world, random, plot)
  const operators = new Operators(world, chaos, seededRandom(world.seed ^ 0x09e5), plot.habits)
  // Some read most of the time, the others write.
  for (let at = 1; at <= plot.clients; at++)
    new Client(`c${at}`, world, seededRandom(world.seed * 31 + at), at % 2 === 0 ? 0.1 : 0.8)
  chaos.until(plot.chaosMs, plot.everyMs)
  world.schedule.runUntil(plot.chaosMs)
  world.count('done in trouble', done(world))
  world.note('healed')
  operators.rest()
  chaos.heal()
  const settled = settles(world, chaos)
  if (settled !== null) return settled
  const healed = done(world)
  world.schedule.runUntil(world.schedule.now + AFTERWARDS_MS)
  const after = done(world) - healed
  if (after < LEAST_AFTERWARDS)
    return `${after} operations succeeded after the healing, at least ${LEAST_AFTERWARDS} must`
  world.closed = true
  return settles(world, chaos)
}

function populate(world: World, plot: Plot): void {
  const random = seededRandom(world.seed ^ 0x907)
  const between = ([least, most]: readonly [number, number]): number =>
    least + Math.floor(random.next() * (most - least + 1))
  const { ids, content } = founded(between(plot.voters))
  const stores = ids.map((_, at) => `s${at + 1}`)
  for (const id of ids) world.addHost(id, content(stores))
  for (let at = between(plot.spares); at > 0; at--) world.addHost(0, empty())
  for (const host of world.hosts) host.start()
}

/** Looks until everybody agrees; what is still wrong when the time is over. */
function settles(world: World, chaos: Chaos): string | null {
  const until = world.schedule.now + SETTLES_MS
  for (;;) {
    world.schedule.runUntil(world.schedule.now + LOOKS_MS)
    const missing = unsettled(world, chaos)
    if (missing === null || world.schedule.now >= until) return missing
  }
}

function unsettled(world: World, chaos: Chaos): string | null {
  const leader = world.leader()
  const state = leader?.raft?.state
  if (!leader || !state) return 'nobody leads'
  const isSettled = state.leadership && state.commitIndex >= state.leadership.firstIndex
  if (!isSettled || state.leadership?.transfer) return `${leader.name} leads, and has not settled`
  for (const id of memberIds(leader)) {
    if (chaos.wiped.has(id)) continue
    const peer = world.hostOf(id)?.raft?.state
    if (!peer || peer.expelled) return `member ${id} does not run`
    if (peer.leader !== leader.id) return `member ${id} follows ${peer.leader}, not ${leader.id}`
    // While clients go on, it may be some entries behind.
    const behind = state.commitIndex - peer.lastApplied
    if (behind > (world.closed ? 0 : world.settings.promoteLag)) return `member ${id} is ${behind} entries behind`
  }
  return null
}
