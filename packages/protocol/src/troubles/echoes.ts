/**
 * Of what several nodes say, what only follows from what another one says of itself: each node tells what it finds, and whoever shows them all
 * leaves out what that makes needless.
 */
import type { NodeTrouble } from '../http/status.ts'
import { isOfLostAnswers } from './dead-paths.ts'
import { droppedLinks } from './dropped.ts'

/** In a message: an interface by name. */
export const DOWN = /\binterface (\S+) is down/
/** As an object, or in a message of the lease process. */
export const LINK = /^link ([^\s:]+)/

type Said = Pick<NodeTrouble, 'node' | 'code' | 'object' | 'message' | 'evidence'>
const PATH_DEAD = 'path-dead'
/** What may follow from something else. */
const FOLLOWS: ReadonlySet<string> = new Set([
  'address-conflict',
  'lossy-link',
  'link-silent',
  'verdicts-differ',
  PATH_DEAD,
])

/** What was seen of it is needed to know what follows from it. */
export const isKnownByEvidence = (code: string): boolean =>
  code === 'vip-answers' || code === PATH_DEAD || code === LOSING || SHAKING.has(code) || isNoWay(code)

/** What leaves an interface, or comes in, is lost there, and its node says so. */
const SHAKING: ReadonlySet<string> = new Set(['interface-errors', 'interface-flaps', 'link-errors', 'link-flaps'])
/** What leaves it alone, and where it does not only delay. */
const LOSING = 'qdisc-harm'
const LOSES = / (?:loses|corrupts) /

/**
 * Of several nodes: that they are not heard over a link of which each says itself that its interface is down; loss on a link by an
 * interface that loses; and who answers for a VIP.
 */
export function withoutEchoes<T extends Said>(all: readonly T[]): T[] {
  if (!all.some(({ code }) => FOLLOWS.has(code))) return [...all]
  const down = new Set(
    all.flatMap(({ node, code, message }) =>
      code === 'link-address-gone' || DOWN.test(message)
        ? [...message.matchAll(LINKS)].map(([, link = '']) => `${node} ${link}`)
        : [],
    ),
  )
  // A realserver says that it answers for a VIP, and its owner hears the answers.
  const answers = new Set(
    all.flatMap(({ code, evidence = '' }) => {
      const [, address, mac] = code === 'vip-answers' ? (ANSWERED.exec(evidence) ?? []) : []
      return address === undefined ? [] : [`${mac} ${address}`]
    }),
  )
  const linksOf = (isOne: (trouble: Said) => boolean): ReadonlySet<string> =>
    new Set(
      all
        .filter(isOne)
        .flatMap(({ node, message, evidence = '' }) =>
          [...`${message} ${evidence}`.matchAll(LINKS)].map(([, link = '']) => `${node} ${link}`),
        ),
    )
  const shaken = linksOf(({ code }) => SHAKING.has(code))
  const losing = linksOf(({ code, message }) => code === LOSING && LOSES.test(message))
  const ways = all.filter(({ code }) => isNoWay(code))
  // A node without a way to another one says so: that one does not hear it there.
  const unsent = new Set(
    ways.flatMap(({ node, evidence = '' }) =>
      [...evidence.matchAll(NOT_THERE)].map(([, to = '', link = '']) => `${node} ${to} ${link}`),
    ),
  )
  // Nor does it hear one whose packet filter lets no heartbeat out.
  const kept = new Set(all.flatMap((one) => droppedLinks(one, 'beats').map((link) => `${one.node} ${link}`)))
  const isCut = (name: string): boolean => [...down].some((one) => one.startsWith(`${name} `))
  return all.filter(({ node, code, object = '', message, evidence = '' }) => {
    if (code === PATH_DEAD) return !isOfLostAnswers(ways, { node, code, object, message, evidence })
    if (code === 'verdicts-differ') return !isOfWays(ways, node, message)
    if (code === 'address-conflict') {
      const [, mac = '', address = ''] = RIVAL.exec(message) ?? []
      return !answers.has(`${mac} ${address}`)
    }
    const [, lossy] = LOST.exec(message) ?? []
    const [, link = ''] = LINK.exec(object) ?? []
    const isCutThere = (name: string): boolean => (link === '' ? isCut(name) : down.has(`${name} ${link}`))
    // Loss over all links that two nodes share is of more than one that shakes.
    const isShaken = (name: string): boolean => link !== '' && shaken.has(`${name} ${link}`)
    const loses = (name: string): boolean => isShaken(name) || (link !== '' && losing.has(`${name} ${link}`))
    if (code === 'lossy-link' && isShaken(node)) return false
    if (code === 'lossy-link' && lossy !== undefined)
      return !lossy.split(', ').every((name) => isCutThere(name) || loses(name) || kept.has(`${name} ${link}`))
    const [, from = ''] = UNHEARD.exec(message) ?? []
    const isKnown = (name: string): boolean =>
      [down, kept].some((those) => those.has(`${name} ${link}`)) || unsent.has(`${name} ${node} ${link}`)
    return code !== 'link-silent' || from === '' || !from.split(', ').every(isKnown)
  })
}
const isNoWay = (code: string): boolean => code === 'no-way' || code === 'link-no-way'
/** Realservers that a node has no way to, as it says: `no way to 10.11.0.11 (rs1), …: `. */
export const isWithoutWay = ({ code, message }: Pick<Said, 'code' | 'message'>, server: string): boolean =>
  code === 'no-way' && [...message.matchAll(NAMED)].some(([, names = '']) => names.split(' ').includes(server))

/** Checks of a director find what is found by it alone because they do not get there. */
function isOfWays(ways: readonly Said[], node: string, message: string): boolean {
  if (ways.length === 0) return false
  const has = (by: string, servers: string): boolean =>
    servers.split(', ').every((server) => ways.some((one) => one.node === by && isWithoutWay(one, server)))
  return message.split('; it ').every((part) => {
    const [, owners = '', owner = ''] = OWNERS.exec(part) ?? []
    if (owners !== '') return has(owner, owners)
    const [, own = ''] = OWN.exec(part) ?? []
    return own !== '' && has(node, own)
  })
}
/** As `verdicts-differ` says it (agent/node/core/differing.ts). */
const OWNERS = /does not find (\S+(?:, \S+)*) of \S+ failed, as (\S+) does/
const OWN = /finds (\S+(?:, \S+)*) of \S+ failed, and/
const NAMED = /[\da-f] \(([^)]+)\)/g
const NOT_THERE = /heartbeats to (\S+) over link (\S+) are not sent/g

/** As a realserver says it (packages/plan, `placed.ts`). */
const ANSWERED = /^who asks for (\S+) is answered by (\S+)$/
const LINKS = /heartbeat link ([^\s,]+)/g
const RIVAL = /^(\S+) answers for .* \((\S+) on \S+\)$/
const LOST = / of what (\S+(?:, \S+)*) sends? to /
/** Of more than are named nobody knows who they are: `a, b and 2 more`. */
const UNHEARD = / nothing comes from (\S+(?:, \S+)*) to /
