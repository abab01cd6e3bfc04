/** What a status does not know, as entries with a next step: a node of which nothing is heard, with what is not known by that; and the rest. */
import { listed } from '@lvsm/base'
import { isAgentless } from '../http/movable.ts'
import { heardThereBy, isOfCutOff } from '../http/hearing-words.ts'
import type { NodeReport, NodeTrouble, Status } from '../http/status.ts'
import { isUnheard, judge, unheardText } from '../http/verdict.ts'
import { LINK, linksIn, unheardNames } from '../troubles/unheard.ts'
import type { ListedTrouble } from './listed.ts'

const MOST_TEXTS = 4

export function unknownsOf(status: Status): ListedTrouble[] {
  const { nodes, troubles, node: by } = status
  const silent = nodes.filter((node) => isUnheard(node) && !isAgentless(node, troubles))
  const own = new Set(silent.map(unheardText))
  const cutOff = isSaidOf(status, (one) => one.code === 'cut-off')
  // By it this node hears the others.
  const isDeaf = isSaidOf(status, (one) => one.code === 'no-lease-process')
  const isUnbelieved = (name: string): boolean =>
    isSaidOf(status, ({ code, object }) => code === 'peer-unbelieved' && object === `node ${name}`)
  const others = judge(status).unknown.filter((text) => !own.has(text) && !(cutOff && isOfCutOff(text)))
  const isOf = (text: string, name: string): boolean => text.split(/[^\w.-]+/).includes(name)
  const rest = others.filter((text) => !silent.some(({ name }) => isOf(text, name)))
  return [
    ...silent.flatMap((one): ListedTrouble[] => {
      const { name, reason } = one
      if (isDeaf || isUnbelieved(name) || isOfTeller(status, one, cutOff)) return []
      const those = others.filter((text) => isOf(text, name))
      return [
        {
          ...{ node: by, code: 'node-unheard', severity: 'warning', object: `node ${name}` },
          message: `what ${name} does is not known: ${reason}`,
          ...(those.length === 0 ? {} : { means: `not known, too: ${listed(those, MOST_TEXTS)}` }),
          hint: unheardStep(status, one),
        },
      ]
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

const isSaidOf = ({ troubles, node }: Status, is: (one: NodeTrouble) => boolean): boolean =>
  troubles.some((one) => one.node === node && one.pastMs === undefined && is(one))

/** Why it is not heard is at the node whose status this is, and is told of that one. */
function isOfTeller(status: Status, { name, reason, roles, voter }: NodeReport, cutOff: boolean): boolean {
  if (cutOff && isOfCutOff(reason)) return true
  if (heardThereBy(reason) === '') return false
  if (isSaidOf(status, ({ code, object }) => code === 'heard-by-others' && object === `node ${name}`)) return true
  // Of the two one would say that (agent/node/core/hearing.ts), did it not follow from a link of its own.
  const own = status.nodes.find((one) => one.name === status.node)
  const isPillar = (one: Pick<NodeReport, 'roles' | 'voter'>): boolean => one.voter || one.roles.includes('director')
  if (!own || isPillar(own) === isPillar({ roles, voter })) return false
  return isSaidOf(status, ({ code, message }) => OUT.has(code) && linksIn(message).length > 0)
}
const OUT: ReadonlySet<string> = new Set(['link-address-gone', 'link-down', 'interface-down'])

/** Where others hear it, or it is not heard over one of its links, the network comes before its agent. */
function unheardStep({ node: by, troubles }: Status, { name, reason }: NodeReport): string {
  const agent = `systemctl status lvsm-agent; one that runs and is silent is started anew by systemctl restart lvsm-agent; its log: journalctl -u lvsm-agent`
  const hears = heardThereBy(reason)
  const drop = troubles.find((one) => (one.node === by || one.node === name) && isOfHeartbeats(one))
  if (drop) return `first what ${drop.node} says of itself: ${drop.object ?? drop.code} (${drop.code})`
  if (hears !== '')
    return `on ${by}: ip -br addr, ip -br link, nft list ruleset (${hears} heard ${name}, ${by} does not); then the same on ${name}, cable and switch between the two`
  const silentOn = troubles
    .filter((one) => one.code === 'link-silent' && one.pastMs === undefined && isAlone(unheardNames(one), name))
    .flatMap(({ object = '' }) => LINK.exec(object)?.[1] ?? [])
  const links = [...new Set(silentOn)]
  if (links.length === 0)
    return `on ${name}: lvsm status says what it finds itself (losses, a packet filter, its lease process); then ${agent}`
  const which = `heartbeat link${links.length > 1 ? 's' : ''} ${links.join(', ')}`
  return `on ${name}: first ${which}, over which it is not heard (ip -br addr, ip -br link; lvsm status there says what it finds itself); then ${agent}`
}
const isOfHeartbeats = ({ code, message, pastMs }: NodeTrouble): boolean =>
  pastMs === undefined && code === 'drop-rule' && / heartbeats that (?:come|leave) over link /.test(message)
const isAlone = (names: readonly string[], name: string): boolean => names.length === 1 && names[0] === name

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
