/** Systems, and which of them can be what: a row each. */
import { DEFAULT_PLACEMENT, type Forward, forwarding } from '@lvsm/model'
import { freebsd, openbsd } from './bsd.ts'
import { linux } from './linux.ts'
import { other } from './other.ts'
import { hpux, irix, solaris } from './unix.ts'
import { type Answer, byHand, type Need } from './recipe.ts'
import { windows } from './windows.ts'

export interface System {
  readonly title: string
  /** Lines of its shell that are no commands. */
  readonly comment: string
  /** Methods whose very steps a test carries out on such a system; the others are by its documentation. */
  readonly tried: readonly Forward[]
  /** It has places for a VIP other than its loopback interface. */
  readonly places?: boolean
  /** `all`: what is needed on the same server, this among it. */
  readonly methods: Readonly<
    Record<Exclude<Forward, 'local' | 'fullnat'>, (need: Need, all: readonly Need[]) => Answer>
  >
}

export const SYSTEMS = { linux, freebsd, openbsd, solaris, hpux, irix, windows, other } as const satisfies Readonly<
  Record<string, System>
>
export type SystemName = keyof typeof SYSTEMS
export const SYSTEM_NAMES = Object.keys(SYSTEMS) as readonly SystemName[]

const POLICY = 'only Linux leads answers by rules for them alone: use route: default, or DR'
const AGENT_ONLY = 'a director that serves itself needs its agent: there is no recipe for it'

/** Under full NAT it is a server as any other. */
const asked = ({ vips, directors, own, family }: Need): Answer => ({
  steps: [
    byHand(
      `let in ${directors.filter((one) => one.includes(':') === (family === 'ipv6')).join(', ')}, from which comes what clients ask ${vips.join(', ')} for, and listen on ${own.join(' or ')}`,
      'it sees no client, and answers to the directors themselves',
    ),
  ],
  undo: [byHand('let them in no more', 'nothing else was changed')],
})

export function answerFor(system: SystemName, need: Need, all: readonly Need[] = [need]): Answer {
  if (forwarding(need.method).hidesClients) return asked(need)
  if (need.answersAlone && system !== 'linux') return { refused: POLICY }
  const { title, methods, places = false }: System = SYSTEMS[system]
  if (need.placement !== undefined && !places)
    return {
      refused: `placement: ${need.placement} is a place that Linux has, and no recipe knows on ${title}: use placement: ${DEFAULT_PLACEMENT}`,
    }
  const make = Object.entries(methods).find(([method]) => method === need.method)?.[1]
  return make ? make(need, all) : { refused: AGENT_ONLY }
}
