/**
 * Failures as rows of data: what is planted, what each node then says of it in the first lines of its status, and that it is over when
 * it is mended. Times are from the planting to the last of the nodes that says it; the emulated guest makes them upper bounds.
 */
import { judge, verdictLines, type NodeTrouble, type Status } from '@lvsm/protocol'
import { attempt, demand, figure, messageOf, on, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { type Seats, seats, whole } from './witness.ts'

/** One check interval of the topology, and two seconds: what an operator may expect. What takes longer is a miss, and counted. */
export const EXPECTED_MS = 2500
const SAID_MS = 12_000
const OVER_MS = 40_000

/** Lines of the head, and a trouble with its node, its words and its next step. Each that is given must be there. */
export interface Said {
  readonly code?: string
  /** Whose it is, by whoever says it; not there: of whichever. */
  readonly of?: string
  readonly words?: RegExp
  /** A line of the head: `not served`, `not serving`, `cannot move`, `not known`. */
  readonly line?: RegExp
}
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
const measured: Measured[] = []

export const everywhere = (nodes: readonly string[], said: Said): Record<string, Said> =>
  Object.fromEntries(nodes.map((node) => [node, said]))

const isTrouble = (one: NodeTrouble, { code, of, words }: Said): boolean =>
  one.code === code &&
  (of === undefined || one.node === of || one.object === `node ${of}`) &&
  (words === undefined || words.test(`${one.message}; ${one.evidence ?? ''}`)) &&
  (one.hint ?? '') !== ''

/** Null: it is all said. */
export function missing(said: Status, expected: Said): string | null {
  const verdict = judge(said)
  const lines = verdictLines(verdict)
  if (expected.line && !lines.some((line) => expected.line?.test(line)))
    return `no line ${expected.line}: ${lines.join(' | ')}`
  if (expected.code === undefined) return verdict.health === 'healthy' ? 'it says healthy' : null
  if (!said.troubles.some((one) => isTrouble(one, expected)))
    return `no ${expected.code} of ${expected.of}: ${said.troubles.map(({ node, code, message }) => `${node} ${code} ${message}`).join(' | ')}`
  return verdict.health === 'healthy' && verdict.warnings === 0 ? 'it says healthy, and counts no warning' : null
}
const isOver = (said: Status, { code, of, line, words }: Said): boolean =>
  (code === undefined ||
    !said.troubles.some((one) =>
      isTrouble({ ...one, hint: '-' }, { code, ...(of ? { of } : {}), ...(words ? { words } : {}) }),
    )) &&
  (!line || !verdictLines(judge(said)).some((text) => line.test(text)))

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
  } finally {
    await row.mend(seated)
    measured.push({ what: row.what, saidMs, overMs: null, allowedMs: row.needs?.ms ?? EXPECTED_MS })
  }
  if (row.remembered) return
  const mended = performance.now()
  for (const [node, said] of Object.entries(expected))
    await until(async () => isOver(await status(node), said), OVER_MS, `${node} does not say it any more`)
  const overMs = performance.now() - mended
  measured[measured.length - 1] = { what: row.what, saidMs, overMs, allowedMs: row.needs?.ms ?? EXPECTED_MS }
}

const seconds = (ms: number | null): string => (ms === null ? '-' : `${(ms / 1000).toFixed(1)} s`)

/** Each row a scenario, and after the last one the table of what was measured. */
export function planted(rows: readonly Row[]): void {
  for (const row of rows) scenario(row.what, () => play(row))
  scenario('what was measured', () => {
    const late = measured.filter(({ saidMs, allowedMs }) => saidMs === null || saidMs > allowedMs)
    for (const { what, saidMs, overMs, allowedMs } of measured) {
      const more = allowedMs > EXPECTED_MS ? ` (needs ${seconds(allowedMs)})` : ''
      const isLate = saidMs === null || saidMs > allowedMs
      figure(`${isLate ? 'LATE ' : ''}said after ${seconds(saidMs)}${more}, over after ${seconds(overMs)}`, what)
    }
    figure('planted, and of these late', `${measured.length}, ${late.length}`)
    demand(
      measured.every(({ saidMs }) => saidMs !== null),
      `not said: ${measured
        .filter(({ saidMs }) => saidMs === null)
        .map(({ what }) => what)
        .join('; ')}`,
    )
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
