/** Coordinators under faults: which faults, in which order, and what has to be true after them. */
import { seededRandom } from '@lvsm/base'
import type { RevisionHeading } from '@lvsm/protocol'
import {
  agreed,
  backAgain,
  COORDINATORS,
  coordinatorAt,
  historyOf,
  joined,
  SERVICE,
  socketOf,
  weightOn,
} from './coordinators.ts'
import { type Fault, type Hit, planned } from './fault-plan.ts'
import { demand, figure, lab, messageOf, until, Violation } from './harness.ts'
import { lost } from './kept.ts'
import { demandNoMove, demandOneOwner, lasting, seats, told, watched, whole } from './witness.ts'
import { Writer } from './writer.ts'

/** Seconds in which a fault is felt, and for which it lasts at least. */
const FAULT_MS = 4000
/** Three coordinators of which one is gone take a write after an election. */
const ACKNOWLEDGED_MS = 20_000
const NEWS_MS = 15_000
const HURRIED_MS = 20
const FULL_MS = 60_000
const SERVER = 'rs1'
/** Comments of changes that were made here begin so. */
const MINE = 'ordeal '

const FAULTS: readonly Fault[] = [
  { name: 'SIGKILL', whom: 'any', begin: (node) => lab('kill', node, 'coordinator') },
  { name: 'power cut', whom: 'no-owner', begin: (node) => lab('power-cut', node) },
  { name: 'full disk', whom: 'any', begin: (node) => lab('fill', node) },
  // Heartbeats have another link.
  { name: 'partition', whom: 'any', begin: (node) => lab('partition', node, 'others', 'inside') },
]

/** A write-ahead log that was put back begins anew in the room that it has: it takes so many changes until it needs more. */
async function isFelt(node: string, writer: Writer): Promise<boolean> {
  const { everyMs } = writer
  writer.everyMs = HURRIED_MS
  try {
    await until(async () => (await coordinatorAt(node)).disk === 'full', FULL_MS, `the disk of ${node} is full`)
    return true
  } catch (error) {
    figure('not felt', messageOf(error))
    return false
  } finally {
    writer.everyMs = everyMs
  }
}

/** Gives whether a disk that is full was felt. */
async function suffered(hits: readonly Hit[], writer: Writer): Promise<boolean> {
  const before = writer.acknowledged.length
  for (const { fault, node } of hits) await fault.begin(node)
  await lasting(FAULT_MS)
  const filled = hits.find(({ fault }) => fault.name === 'full disk')
  const felt = filled !== undefined && (await isFelt(filled.node, writer))
  const majority = hits.length < COORDINATORS.length / 2
  const words = hits.map(({ fault, node }) => `${fault.name} of ${node}`).join(' and ')
  if (majority) await until(() => writer.acknowledged.length > before, ACKNOWLEDGED_MS, `a change in spite of ${words}`)
  figure(words, `${writer.acknowledged.length - before} acknowledged${felt ? ', the disk is full' : ''}`)
  await lab('heal')
  await backAgain()
  await agreed()
  return felt
}

let tries = 0
/** `pairs`: two faults at once now and then, which leave no majority. */
export async function ordeal(rounds: number, pairs: boolean): Promise<void> {
  await backAgain()
  await joined()
  await whole()
  await agreed()
  const seed = Number(process.env['LAB_SEED'] ?? '1')
  figure('seed', `${seed} (again: LVSM_LAB_SEED=${seed})`)
  const random = seededRandom(seed)
  const before = await seats()
  const plan = planned(random, { faults: FAULTS, rounds, pairs, nodes: COORDINATORS, owner: before.from })
  const writer = new Writer(
    `${MINE}${++tries}.`,
    { sockets: COORDINATORS.map(socketOf), service: SERVICE, server: SERVER },
    random,
  )
  let full = false
  const seen = await watched(async () => {
    writer.start()
    try {
      for (const hits of plan) full = (await suffered(hits, writer)) || full
    } finally {
      await writer.stop()
      await lab('heal').catch((error: unknown) => figure('not healed', messageOf(error)))
    }
  })
  const { acknowledged, count, unknown } = writer
  figure('changes', `${acknowledged.length} of ${count} acknowledged, ${unknown} unknown`)
  told('coordinators under faults', seen)
  demandOneOwner(seen)
  demandNoMove(seen)
  const after = await seats()
  demand(
    after.from === before.from && after.number === before.number,
    `lease ${before.number} of ${before.from} is ${after.number} of ${after.from}`,
  )
  await agreed()
  // Of all that was done here, also in a try before this one.
  const histories = await Promise.all(COORDINATORS.map(historyOf))
  const wrong = lost(histories.map(written), acknowledged)
  if (wrong !== null) throw new Violation(wrong)
  demand(full, 'a full disk was felt')
  const last = histories[0]?.findLast(({ comment }) => comment.startsWith(MINE))?.comment ?? ''
  await inKernel(Number(/\d+$/.exec(last)?.[0]), [before.from, before.to])
}

const written = (history: readonly RevisionHeading[]) =>
  history.map(({ number, at, author, comment, summary }) => ({
    number,
    at,
    author,
    comment: comment.startsWith(MINE) ? comment : '',
    summary,
  }))

async function inKernel(number: number, directors: readonly string[]): Promise<void> {
  const weight = 1 + (number % 100)
  for (const node of directors)
    await until(async () => (await weightOn(node, SERVER)) === weight, NEWS_MS, `weight ${weight} on ${node}`)
}
