/**
 * Failures as rows of data: what is planted, what each node then says of it in the first lines of its status, and that it is over when
 * it is mended. Times are from the planting to the last of the nodes that says it; the emulated guest makes them upper bounds.
 */
import { attempt, demand, figure, messageOf, on, status, until } from './harness.ts'
import { isOver, missing, type Said, unexpected } from './said.ts'
import { scenario } from './scenario.ts'
import { type Seats, seats, whole } from './witness.ts'

/** One check interval of the topology, and two seconds: what an operator may expect. What takes longer is a miss, and counted. */
export const EXPECTED_MS = 2500
const SAID_MS = 12_000
const OVER_MS = 40_000

/** Before the rest of the head is as it should be, too: what several nodes know of each other goes around. */
const WHOLE_MS = 15_000

export interface Row {
  readonly what: string
  plant(seats: Seats): Promise<unknown>
  mend(seats: Seats): Promise<unknown>
  /** By node that says it. */
  said(seats: Seats): Readonly<Record<string, Said>>
  /** It is told for a while after it is over: nobody waits for its end. */
  readonly remembered?: true
  /** More than the next look is needed to know it, and why: this is no miss. */
  readonly needs?: { readonly ms: number; readonly why: string }
}

interface Measured {
  readonly what: string
  readonly saidMs: number | null
  readonly overMs: number | null
  readonly allowedMs: number
}
/** Of the last try: one is made again where the machine stood still. */
const measured = new Map<string, Measured>()

export const everywhere = (nodes: readonly string[], said: Said): Record<string, Said> =>
  Object.fromEntries(nodes.map((node) => [node, said]))

/** And then all of the head is true. */
async function untilWhole(expected: Readonly<Record<string, Said>>): Promise<void> {
  const all = Object.entries(expected).map(async ([node, said]) => {
    let why: string | null = 'it was not asked'
    await until(async () => {
      const now = await status(node)
      why = missing(now, said) ?? unexpected(now, said)
      return why === null
    }, WHOLE_MS).catch((error: unknown) => {
      throw new Error(`${node}: ${why ?? messageOf(error)}`)
    })
  })
  await Promise.all(all)
}

/** Milliseconds until each of them says it. */
async function untilSaid(expected: Readonly<Record<string, Said>>, began: number): Promise<number> {
  const times = await Promise.all(
    Object.entries(expected).map(async ([node, said]) => {
      let why: string | null = 'it was not asked'
      await until(async () => {
        why = missing(await status(node), said)
        return why === null
      }, SAID_MS).catch((error: unknown) => {
        throw new Error(`${node}: ${why ?? messageOf(error)}`)
      })
      return performance.now() - began
    }),
  )
  return Math.max(...times)
}

async function play(row: Row): Promise<void> {
  await whole()
  const seated = await seats()
  const expected = row.said(seated)
  for (const [node, said] of Object.entries(expected))
    await until(async () => isOver(await status(node), said), OVER_MS, `${node} does not say it before`)
  let saidMs: number | null = null
  const began = performance.now()
  try {
    await row.plant(seated)
    saidMs = await untilSaid(expected, began)
    await untilWhole(expected)
  } finally {
    await row.mend(seated)
    measured.set(row.what, { what: row.what, saidMs, overMs: null, allowedMs: row.needs?.ms ?? EXPECTED_MS })
  }
  if (row.remembered) return
  const mended = performance.now()
  for (const [node, said] of Object.entries(expected))
    await until(async () => isOver(await status(node), said), OVER_MS, `${node} does not say it any more`)
  const overMs = performance.now() - mended
  measured.set(row.what, { what: row.what, saidMs, overMs, allowedMs: row.needs?.ms ?? EXPECTED_MS })
}

const seconds = (ms: number | null): string => (ms === null ? '-' : `${(ms / 1000).toFixed(1)} s`)

/** Each row a scenario, and after the last one the table of what was measured. */
export function planted(rows: readonly Row[]): void {
  for (const row of rows) scenario(row.what, () => play(row))
  scenario('what was measured', () => {
    const all = [...measured.values()]
    const late = all.filter(({ saidMs, allowedMs }) => saidMs === null || saidMs > allowedMs)
    for (const { what, saidMs, overMs, allowedMs } of all) {
      const more = allowedMs > EXPECTED_MS ? ` (needs ${seconds(allowedMs)})` : ''
      const isLate = saidMs === null || saidMs > allowedMs
      figure(`${isLate ? 'LATE ' : ''}said after ${seconds(saidMs)}${more}, over after ${seconds(overMs)}`, what)
    }
    figure('planted, and of these late', `${all.length}, ${late.length}`)
    const unsaid = all.filter(({ saidMs }) => saidMs === null).map(({ what }) => what)
    demand(unsaid.length === 0, `not said: ${unsaid.join('; ')}`)
    return Promise.resolve()
  })
}

/** Runs a line in a node again and again, five times a second; gives what ends it. */
export async function repeating(node: string, line: string): Promise<() => Promise<void>> {
  const pid = await on(node, `sh -c 'while :; do ${line}; sleep 0.2; done' >/dev/null 2>&1 & echo $!`)
  return async () => {
    await attempt(`kill ${pid.trim()}`)
  }
}
/** A row that plants something that goes on until it is ended. */
export function loop(at: (seats: Seats) => string, line: string): Pick<Row, 'plant' | 'mend'> {
  let end: () => Promise<void> = () => Promise.resolve()
  return {
    async plant(seated) {
      end = await repeating(at(seated), line)
    },
    mend: () => end(),
  }
}
/** One line in a node, and one that mends it; what is in the way of the mending does not matter. */
export const lines = (at: (seats: Seats) => string, plant: string, mend: string): Pick<Row, 'plant' | 'mend'> => ({
  plant: (seated) => on(at(seated), plant),
  mend: (seated) => attempt(`ip netns exec ${at(seated)} sh -c ${JSON.stringify(mend)}`),
})
