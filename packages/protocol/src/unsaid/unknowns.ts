/** What a status does not know, as entries with a next step: a node of which nothing is heard, with what is not known by that; and the rest. */
import { listed } from '@lvsm/base'
import { isAgentless } from '../http/movable.ts'
import type { Status } from '../http/status.ts'
import { isUnheard, judge, unheardText } from '../http/verdict.ts'
import type { ListedTrouble } from './listed.ts'

const MOST_TEXTS = 4

export function unknownsOf(status: Status): ListedTrouble[] {
  const { nodes, troubles, node: by } = status
  const silent = nodes.filter((node) => isUnheard(node) && !isAgentless(node, troubles))
  const own = new Set(silent.map(unheardText))
  const others = judge(status).unknown.filter((text) => !own.has(text))
  const isOf = (text: string, name: string): boolean => text.split(/[^\w.-]+/).includes(name)
  const rest = others.filter((text) => !silent.some(({ name }) => isOf(text, name)))
  return [
    ...silent.map(({ name, reason }): ListedTrouble => {
      const those = others.filter((text) => isOf(text, name))
      return {
        ...{ node: by, code: 'node-unheard', severity: 'warning', object: `node ${name}` },
        message: `what ${name} does is not known: ${reason}`,
        ...(those.length === 0 ? {} : { means: `not known, too: ${listed(those, MOST_TEXTS)}` }),
        hint: `on ${name}: systemctl status lvsm-agent; one that runs and is silent is started anew by systemctl restart lvsm-agent; its log: journalctl -u lvsm-agent`,
      }
    }),
    ...perStep(rest, by).map(
      ([hint, texts]): ListedTrouble => ({
        ...{ node: by, code: 'not-known', severity: 'info' },
        message: `not known: ${listed(texts, MOST_TEXTS)}`,
        hint,
      }),
    ),
  ]
}

/** Those of one kind are one entry, with the step of the first. */
function perStep(texts: readonly string[], node: string): (readonly [string, readonly string[]])[] {
  return STEPS.flatMap(([shape, step]) => {
    const those = texts.filter((text) => shape.test(text))
    const found = shape.exec(those[0] ?? '')
    return found ? [[step(found[1] ?? '', found[2] ?? '', node), those] as const] : []
  })
}
/** By the sentence of the head. */
const STEPS: readonly (readonly [RegExp, (first: string, second: string, node: string) => string])[] = [
  [
    /^whether (\S+) serves (\S+)/,
    (server, service) => `lvsm check run ${service}/${server} --explain: what it answers`,
  ],
  [
    /^(?:who owns|who could take) (\S+)|^whether (\S+) survives/,
    (group, other) => `lvsm explain group ${group || other}`,
  ],
  [/^the table of (\S+)/, (service) => `lvsm explain service ${service}`],
  [/^what is to be served/, (_, __, node) => `on ${node}: journalctl -u lvsm-agent says why it has none`],
]
