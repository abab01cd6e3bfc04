/**
 * What is everyday raises nothing: whoever does it, all nodes are asked all the time; none may have a trouble, and where nothing is taken out
 * of service all of them say healthy.
 */
import { judge, type Status, verdictLines } from '@lvsm/protocol'
import { demand, figure, NODES, status, until } from './harness.ts'
import { now } from './observers/stamp.ts'
import { scenario } from './scenario.ts'
import { lasting, whole } from './witness.ts'

const PAUSE_MS = 150
/** So long each state lasts after it was reached. */
const LASTS_MS = 2500

/**
 * An agent that says nothing for six seconds is said to be silent, and soon not to be at work: which is true of one that takes so long to
 * start (agent/node/core). It said its last word up to so much before it was stopped.
 */
const SILENT_MS = 6000 - 2500
/** Other critical troubles than that are told one by one. */
const OF_SILENT =
  /its agent is silent|\(\S+ did not tell it\)$|no agent is at work|^\d+ critical troubles?$|\(does \S+ vote\?\)$|not checked yet/
const SILENT = 'agent-silent'
/** An emulated machine holds up a lease process longer than its lease bears, now and then: that is told, and true. */
const HELD_UP: ReadonlySet<string> = new Set(['late', 'fence-reopened', 'lease-retaken'])

export interface Sampler {
  /** What is so from now on, until the next one; `starting`: an agent is started anew meanwhile, or something else is under way. */
  state(what: string, starting?: boolean): void
  /** Each node answered since this state began. */
  hasAll(): boolean
  /** What was said that was not to be. */
  stop(): Promise<readonly string[]>
}
/** Of all that was looked at; those before and after it are no states of their own. */
export const looked = { states: 0, answers: 0, silent: 0, heldUp: 0 }

/**
 * `head`: also that all is healthy; else nobody has a trouble, and the head may say what is out of service. `told`: what is told
 * while something is under way, and is true.
 */
export function sampling(
  head: boolean,
  nodes: readonly string[] = NODES,
  told: ReadonlySet<string> = new Set(),
): Sampler {
  const wrong = new Set<string>()
  let is = 'at the start'
  let since: number | null = null
  let isOver = false
  const answered = new Set<string>()
  const look = async (node: string): Promise<void> => {
    const [then, began] = [is, since]
    const said = await status(node).catch(() => null)
    if (!said || isOver || said.revision === 0) return
    looked.answers += 1
    if (then === is) answered.add(node)
    const isLong = began !== null && now() - began > SILENT_MS
    if (said.troubles.some(({ code }) => HELD_UP.has(code))) looked.heldUp += 1
    for (const { node: of, code, message } of said.troubles)
      if (!HELD_UP.has(code) && (!isLong || code !== SILENT) && (began === null || !told.has(code)))
        wrong.add(`${then}: ${node} says ${code} of ${of}: ${message}`)
    if (head) for (const line of linesOf(said, isLong)) wrong.add(`${then}: ${node} says ${line}`)
  }
  // In turn: all at once, over and over, would be more than the machine bears beside the cluster.
  const asking = (async () => {
    while (!isOver)
      for (const node of nodes) {
        if (isOver) break
        await look(node)
        await lasting(PAUSE_MS)
      }
  })()
  return {
    state(what, starting = false) {
      is = what
      answered.clear()
      if (!starting) since = null
      else since ??= now()
    },
    hasAll: () => nodes.every((node) => answered.has(node)),
    async stop() {
      isOver = true
      await asking
      return [...wrong]
    },
  }
}

/** What the first lines say, where they are not `healthy`. */
function linesOf(said: Status, isLong: boolean): string[] {
  const verdict = judge(said)
  if (verdict.health === 'healthy') return []
  const lines = verdictLines(verdict)
  if (!isLong || !lines.every((line) => OF_SILENT.test(line))) return [`${verdict.health}: ${lines.join(' | ')}`]
  looked.silent += 1
  return []
}

/** Of troubles that came before nothing is there any more: some are told for minutes. */
export async function quiet(): Promise<void> {
  await whole()
  for (const node of NODES)
    await until(
      async () => (await status(node)).troubles.every(({ code }) => HELD_UP.has(code)),
      240_000,
      `${node} has no trouble`,
    )
}

/** All nodes say so: who has just started checks and listens first. */
export const healthy = (ms: number): Promise<unknown> =>
  until(
    async () => {
      const said = await Promise.all(NODES.map((node) => status(node)))
      return said.every((one) => judge(one).health === 'healthy')
    },
    ms,
    'every node says healthy',
  )

export interface Everyday {
  readonly what: string
  readonly head: boolean
  readonly nodes?: readonly string[]
  readonly told?: ReadonlySet<string>
  work(reached: (what: string, starting?: boolean) => Promise<void>): Promise<unknown>
}
export function everyday({ what, head, nodes, told, work }: Everyday): void {
  scenario(`${what}: nobody says that anything is wrong`, async () => {
    await quiet()
    const sampler = sampling(head, nodes, told)
    let failure: unknown
    const lasts = async (state: string, starting = false): Promise<void> => {
      sampler.state(state, starting)
      await lasting(LASTS_MS)
      if (head && !starting) await until(() => Promise.resolve(sampler.hasAll()), 30_000, `each node answers: ${state}`)
    }
    try {
      await lasts('before')
      await work(async (state, starting) => {
        looked.states += 1
        await lasts(state, starting)
      })
      await lasts('afterwards')
    } catch (error) {
      failure = error
    }
    const wrong = await sampler.stop()
    if (failure) throw failure
    demand(wrong.length === 0, wrong.slice(0, 20).join('\n'))
  })
}

/** The last of a file: so much it looked at, `least` states at least. */
export function reported(least: number): void {
  scenario('what was looked at', () => {
    figure('states, and answers of nodes in them', `${looked.states}, ${looked.answers}`)
    figure('answers that called an agent silent which took so long to start', looked.silent)
    figure('answers that told of a lease process which the machine had held up', looked.heldUp)
    demand(looked.states >= least, `only ${looked.states} states were reached`)
    return Promise.resolve()
  })
}
