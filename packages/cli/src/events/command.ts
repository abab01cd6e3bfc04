/** `lvsm events`: what happened, of the whole cluster where a coordinator is reached; and with `--follow` what happens, as it comes. */
import { type Events, type Exit, type HistoryEvent, orderWord } from '@lvsm/protocol'
import { stringify } from 'yaml'
import { clusterEvents, clusterStatus } from '../cluster.ts'
import type { Session } from '../commands.ts'
import { Failure } from '../failure.ts'
import { lengthOf } from '../length.ts'
import { type Format, render } from '../output.ts'
import { pause, untilStopped } from '../watch.ts'
import { type Filters, refuseUnknown } from './known.ts'
import { ageOf, EventLines, eventsText } from './text.ts'

export interface EventsOptions extends Filters {
  readonly number: number
  readonly output: Format
  readonly follow: boolean
  readonly since?: string
}

const EVERY_MS = 1000
/** More than whoever answers remembers. */
const MOST_SEEN = 20_000

export async function events(session: Session, options: EventsOptions): Promise<Exit> {
  const isWanted = wantedBy(options)
  const first = await clusterEvents(session)
  await refuseUnknown(options, first.events, () => clusterStatus(session))
  if (options.follow) return follow(session, { ...options, isWanted }, first)
  const newest = first.events.filter(isWanted).slice(-options.number)
  session.terminal.print(
    render({ events: newest }, options.output, (it) => eventsText(it.events, session.terminal.paint)),
  )
  return 'ok'
}

type Wanted = (event: HistoryEvent) => boolean

function wantedBy({ of, group, kind, since }: EventsOptions): Wanted {
  const longestMs = lengthOf('--since', since) ?? Number.POSITIVE_INFINITY
  const isOne = (all: readonly string[] | undefined, name: string): boolean => all?.includes(name) ?? true
  return (event) =>
    isOne(of, event.node) &&
    isOne(group, event.group) &&
    (isOne(kind, event.kind) || isOne(kind, orderWord(event.kind))) &&
    (longestMs === Number.POSITIVE_INFINITY || ageOf(event, Date.now()) <= longestMs)
}

/** Each event once, in the order in which whoever answers hears of it, until Ctrl-C. */
async function follow(session: Session, { number, output, isWanted }: Followed, first: Events): Promise<Exit> {
  const { terminal } = session
  const printed = printer(session, output)
  const seen = new Seen()
  let { cursor } = first
  let isLost = false
  const show = (told: readonly HistoryEvent[]): void => {
    for (const event of told) terminal.print(printed(event))
  }
  show(seen.new(first.events).filter(isWanted).slice(-number))
  await untilStopped(async (signal) => {
    while (!signal.aborted) {
      await pause(EVERY_MS, signal)
      if (signal.aborted) return
      const told = await clusterEvents(session, cursor).catch(failure)
      if (told instanceof Failure) {
        if (!isLost)
          terminal.complain(
            `lvsm: nobody answers any more: ${told.message}\n  → it is tried again each second; Ctrl-C ends it\n`,
          )
        isLost = true
        continue
      }
      if (isLost) terminal.complain('lvsm: there is an answer again\n')
      isLost = false
      cursor = told.cursor
      show(seen.new(told.events).filter(isWanted))
    }
  })
  return 'ok'
}
type Followed = Pick<EventsOptions, 'number' | 'output'> & { readonly isWanted: Wanted }

function failure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}

function printer({ terminal }: Session, output: Format): (event: HistoryEvent) => string {
  if (output === 'json') return (event) => `${JSON.stringify(event)}\n`
  if (output === 'yaml') return (event) => `---\n${stringify(event)}`
  const lines = new EventLines(terminal.paint)
  terminal.print(lines.head())
  return (event) => lines.of(event)
}

/** The same event may be told again: by another coordinator, or by one that knows no cursors. */
class Seen {
  readonly #keys = new Set<string>()

  new(told: readonly HistoryEvent[]): HistoryEvent[] {
    const found = told.filter((event) => !this.#keys.has(keyOf(event)))
    for (const event of found) this.#keys.add(keyOf(event))
    for (const key of this.#keys) {
      if (this.#keys.size <= MOST_SEEN) break
      this.#keys.delete(key)
    }
    return found
  }
}
const keyOf = ({ node, origin, at, group, kind, number, reason }: HistoryEvent): string =>
  JSON.stringify(origin ? [node, origin.life, origin.serial] : [node, at, group, kind, number, reason])
