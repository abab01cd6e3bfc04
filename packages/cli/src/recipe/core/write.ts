/** A recipe as text that can be run as it stands: reasons are comments, and what has to be done by hand stands in them too. */
import { type Config, forwarding } from '@lvsm/model'
import { type Answer, isRefused, needsOf, type Need, type Step } from './recipe.ts'
import { answerFor, type System, SYSTEMS, type SystemName } from './systems.ts'

export interface Recipe {
  readonly server: string
  readonly os: SystemName
  /** Were the very steps carried out on such a system? */
  readonly tried: boolean
  readonly revision: number
  /** In the order in which they are carried out; they are taken back from the last one on. */
  readonly parts: readonly (Need & { readonly answer: Answer })[]
}

export function recipeFor(config: Config, server: string, os: SystemName): Recipe {
  const { tried }: System = SYSTEMS[os]
  const needs = needsOf(config, server)
  const made = new Set<string>()
  const parts = needs.map((need) => ({ ...need, answer: without(made, answerFor(os, need, needs)) }))
  return { server, os, tried: parts.every(({ method }) => tried.includes(method)), revision: config.revision, parts }
}

/** Without what a part before it has made, which that part takes back after it. */
function without(made: Set<string>, answer: Answer): Answer {
  if (isRefused(answer)) return answer
  const { steps, undo } = answer
  const before = new Set(made)
  for (const { of } of steps) if (of !== undefined) made.add(of)
  const own = (all: readonly Step[]): Step[] =>
    all.flatMap(({ of, ...step }) => (of !== undefined && before.has(of) ? [] : [step]))
  return { steps: own(steps), undo: own(undo) }
}

export const isWholeRefused = ({ parts }: Recipe): boolean => parts.some(({ answer }) => isRefused(answer))

const headOf = ({ method, tunnel, services, family }: Need): string =>
  `${method}${tunnel === undefined ? '' : ` (${tunnel})`}, ${family === 'ipv6' ? 'IPv6' : 'IPv4'}: ${services.join(', ')}`
const lines = ({ run, why, byHand }: Step): string[] => (byHand ? [`# by hand: ${run} (${why})`] : [`# ${why}`, run])
const commented = (step: Step): string[] =>
  lines(step).map((line) =>
    line.startsWith('#')
      ? line
      : line
          .split('\n')
          .map((one) => `#   ${one}`)
          .join('\n'),
  )

/** Said of every realserver whose agent is not there. */
const OUTSIDE = [
  '# Checked from outside: directors ask its services at its own address, and name a path on which connections do not get on (trouble path-dead).',
  '# What is on the machine, aliases, ARP and routes, nobody looks at there: on Linux lvsm doctor does, run on it by hand.',
  '# All of it holds until the next boot: put the same lines, in the same order, into what the machine runs then.',
]
const listening = ({ method, vips }: Need): string[] =>
  !forwarding(method).hasVip
    ? []
    : [`# Its programs must listen on ${vips.join(', ')} or on all addresses, at the port of the service.`]

export function recipeText(recipe: Recipe, undo: boolean): string {
  const { server, os, tried, revision, parts } = recipe
  const { title } = SYSTEMS[os]
  const body = (undo ? parts.toReversed() : parts).flatMap((part, at): string[] => {
    const { answer } = part
    const head = ['', `# --- ${headOf(part)}`]
    if (isRefused(answer)) return [...head, `# refused: ${answer.refused}`]
    return undo
      ? [...head, ...answer.undo.flatMap(lines)]
      : [
          ...head,
          ...listening(part),
          ...answer.steps.flatMap(lines),
          at < parts.length - 1 ? '# to undo it, after all that stands below:' : '# to undo it:',
          ...answer.undo.flatMap(commented),
        ]
  })
  return `${[
    `# ${server} as a realserver on ${title}${undo ? ', taken back' : ''}; by revision ${revision} of the configuration.`,
    tried
      ? '# As root, on that machine. These very steps are carried out by a test.'
      : `# As administrator, on that machine. By the documentation of ${title}; nobody has carried them out here: look at each.`,
    ...body,
    '',
    ...(undo ? [] : OUTSIDE),
  ].join('\n')}\n`
}
