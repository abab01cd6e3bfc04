/**
 * That a node is not heard, or only in part, follows where its own interface, packet filter or kernel keeps what it says, and it says so
 * itself; and where the one that does not hear it says that its own packet filter keeps that out.
 */
import type { NodeTrouble } from '../http/status.ts'
import { dropsBeats } from './dropped.ts'

/** In a message: an interface by name. */
export const DOWN = /\binterface (\S+) is down/
/** As an object, or in a message of the lease process. */
export const LINK = /^link ([^\s:]+)/

type Said = Pick<NodeTrouble, 'node' | 'code' | 'object' | 'message' | 'evidence' | 'pastMs'>

/** What may follow from something else. */
export const OF_HEARING: ReadonlySet<string> = new Set(['lossy-link', 'link-silent', 'one-way', 'heard-by-others'])
/** What leaves an interface, or comes in, is lost there, and its node says so. */
export const SHAKING: ReadonlySet<string> = new Set([
  'interface-errors',
  'interface-flaps',
  'link-errors',
  'link-flaps',
])
/** Another machine has the address at which it listens: what is sent to it goes there. */
const TAKEN = 'duplicate-address'
/** As who hears nothing over a link says where it listens (agent/lease/core/links.ts). */
const LISTENS = / listens there at ([^\s,]+),/
/** What leaves it alone, and where it does not only delay. */
export const LOSING = 'qdisc-harm'
const LOSES = / (?:loses|corrupts) /
export const isNoWay = (code: string): boolean => code === 'no-way' || code === 'link-no-way'
/** What is sent leads nowhere: the kernel has no way, or somebody told it a wrong one. */
export const FIXED = 'fixed-neighbour'
const isAstray = (code: string): boolean => isNoWay(code) || code === FIXED
/** As evidence of a permanent neighbour entry (agent/node/core/observe/neighbours.ts). */
export const astrayText = (to: string, link: string): string => `heartbeats to ${to} over link ${link} go there, too`

/** Heartbeat links that a text names. */
export const linksIn = (text: string): string[] => [...text.matchAll(LINKS)].map(([, link = '']) => link)
/** To whom a node says that it does not send over that link, for its kernel has no way there. */
export const isUnsent = ({ code, evidence = '' }: Pick<Said, 'code' | 'evidence'>, to: string, link: string): boolean =>
  isAstray(code) && [...evidence.matchAll(NOT_THERE)].some(([, peer, over]) => peer === to && over === link)

/** As evidence of who does not hear whom (agent/node/core/hearing.ts): all links that both have. */
export const sharedText = (links: readonly string[]): string => `heartbeat links of both: ${links.join(', ')}`
const SHARED = /heartbeat links of both: ([^\s,]+(?:, [^\s,]+)*)/

/** As evidence of a director that hears nothing of connections, or knows too few (agent/node/core/synchronised.ts). */
export const syncText = (link: string): string => `connections are synchronised over heartbeat link ${link}`

/** Of a link that is silent or loses: from whom, or `anybody`; empty: it does not name all of them. */
export const unheardNames = ({ code, message }: Pick<Said, 'code' | 'message'>): readonly string[] =>
  (code === 'lossy-link' ? LOST : UNHEARD).exec(message)?.[1]?.split(', ') ?? []
export const ANYBODY = 'anybody'

/** `NODE LINK`: nothing comes or goes over that link there, as it says itself. */
const linksOut = (all: readonly Said[]): ReadonlySet<string> =>
  new Set(
    all.flatMap(({ node, code, message }) =>
      code === 'link-address-gone' || code === 'cut-off' || DOWN.test(message)
        ? linksIn(message).map((link) => `${node} ${link}`)
        : [],
    ),
  )

/** A director that knows nothing of connections: does it follow from a link by which they are told, at one of the two? */
export function unawareFollows(all: readonly Said[]): (one: Said) => boolean {
  const out = linksOut(all)
  return ({ node, message, evidence = '' }) =>
    linksIn(evidence).some((link) => out.has(`${node} ${link}`) || out.has(`${message.split(' ')[0]} ${link}`))
}

/**
 * `NODE LINK`: it hears nobody there, as it says itself, and `NODE`: nowhere. Where others hear each other, it is the one to look at.
 */
const deafOf = (all: readonly Said[]): ReadonlySet<string> =>
  new Set(
    all.flatMap((one) => {
      const { node, code, object = '', pastMs } = one
      if (pastMs !== undefined) return []
      if (code === 'cut-off') return [node]
      return code === 'link-silent' && unheardNames(one)[0] === ANYBODY ? [`${node} ${LINK.exec(object)?.[1]}`] : []
    }),
  )

/** A link that is silent where another machine has the address of it, as the same node says. */
function takenFrom(all: readonly Said[]): (one: Said) => boolean {
  const taken = all.flatMap(({ node, code, object, pastMs }) =>
    code === TAKEN && pastMs === undefined ? [`${node} ${object}`] : [],
  )
  return ({ node, evidence = '' }) => taken.includes(`${node} address ${LISTENS.exec(evidence)?.[1]}`)
}

/** Of `OF_HEARING`: does it follow from what another one of these says? */
export function unheardFollows(all: readonly Said[]): (one: Said) => boolean {
  const down = linksOut(all)
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
  // A node without a way to another one says so: that one does not hear it there.
  const unsent = new Set(
    all.flatMap(({ node, code, evidence = '' }) =>
      isAstray(code) ? [...evidence.matchAll(NOT_THERE)].map(([, to = '', link = '']) => `${node} ${to} ${link}`) : [],
    ),
  )
  /** What `from` says does not get to `to` over that link, by the word of one of them. */
  const isKept = (from: string, to: string, link: string): boolean =>
    all.some(
      (one) =>
        (one.node === from && dropsBeats(one, 'beats', link, to)) ||
        (one.node === to && dropsBeats(one, 'heard', link, from)),
    )
  const isStopped = (from: string, to: string, link: string): boolean =>
    down.has(`${from} ${link}`) || unsent.has(`${from} ${to} ${link}`) || isKept(from, to, link)
  const isCut = (name: string): boolean => [...down].some((one) => one.startsWith(`${name} `))
  const isAway = (from: string, to: string, { evidence = '' }: Said): boolean => {
    const shared = SHARED.exec(evidence)?.[1]?.split(', ') ?? []
    return shared.length > 0 && shared.every((link) => isStopped(from, to, link))
  }
  const isTaken = takenFrom(all)
  const deaf = deafOf(all)
  const isDeafThere = (names: readonly string[], by: string, link: string): boolean =>
    !deaf.has(`${by} ${link}`) && names.every((name) => deaf.has(`${name} ${link}`))
  return (trouble) => {
    const { node, code, object = '' } = trouble
    const [, other = ''] = NODE.exec(object) ?? []
    if (code === 'one-way') return deaf.has(other) || (other !== node && isAway(node, other, trouble))
    if (code === 'heard-by-others') return deaf.has(node) || (other !== node && isAway(other, node, trouble))
    const [, link = ''] = LINK.exec(object) ?? []
    const names = unheardNames(trouble)
    // Loss over all links that two nodes share is of more than one that shakes.
    const isShaken = (name: string): boolean => link !== '' && shaken.has(`${name} ${link}`)
    const loses = (name: string): boolean => isShaken(name) || (link !== '' && losing.has(`${name} ${link}`))
    const isCutThere = (name: string): boolean => (link === '' ? isCut(name) : down.has(`${name} ${link}`))
    if (code === 'lossy-link' && isShaken(node)) return true
    if (names.length === 0) return false
    if (code === 'lossy-link')
      return names.every((name) => isCutThere(name) || loses(name) || (link !== '' && isKept(name, node, link)))
    return (
      code === 'link-silent' &&
      (isTaken(trouble) || names.every((name) => isStopped(name, node, link)) || isDeafThere(names, node, link))
    )
  }
}

const LINKS = /heartbeat link ([^\s,]+)/g
const NODE = /^node (\S+)$/
const NOT_THERE = /heartbeats to (\S+) over link (\S+) (?:are not sent|go there, too)/g
const LOST = / of what (\S+(?:, \S+)*) sends? to /
/** Of more than are named nobody knows who they are: `a, b and 2 more`. */
const UNHEARD = / nothing comes from (\S+(?:, \S+)*)(?:, but| to) /
