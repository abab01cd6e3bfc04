/** Why a service is served as it is. */
import {
  changeText,
  checkWord,
  deadPaths,
  hasDeadPath,
  hindrancesOf,
  isAbout,
  isFull,
  isTold,
  judge,
  leftText,
  type RealserverReport,
  type ServiceReport,
  type Status,
  takesNew,
  THROUGH_IPVS,
  type NodeTrouble,
} from '@lvsm/protocol'
import { placeText } from '@lvsm/model'
import { timeText } from '../wanted-text.ts'
import { explainGroup } from './group.ts'
import { type Explained, hintsOf, type Known } from './subject.ts'

export function explainService(known: Known, name: string): Explained {
  const { status } = known
  const service = status.services.find((one) => one.name === name)
  if (!service) return { what: `there is no service ${name}`, since: null, why: '', change: [] }
  const group = explainGroup(known, service.group)
  const found = status.groups.find((one) => one.name === service.group)
  const owner = found?.owner ?? null
  const what = `service ${name} (${placeText(service)}) `
  if (found?.state === 'unknown') return { ...group, what: `whether ${what}is served is not known: ${group.what}` }
  if (owner === null) return { ...group, what: `${what}is not served: ${group.what}` }
  if (!isTold(status, service))
    return {
      ...group,
      what: `what ${owner} serves of ${what.trimEnd()} is not known here`,
      why: `${owner} did not tell its table; ${group.why}`,
    }
  const reserve = service.realservers.filter(isInReserve)
  const taking = service.realservers.filter(takes)
  const out = service.realservers.filter((one) => !reserve.includes(one) && (!takes(one) || one.healthy === false))
  const dead = deadPaths(status, service)
  const [count, all] = [taking.length, service.realservers.length - reserve.length]
  const by = count > 0 && taking.every(({ backup }) => backup === true) ? ' by its backup' : ''
  const served = judge(status).served.get(name) ?? (count === 0 ? false : null)
  const is =
    served === null ? 'takes connections, and whether it serves them is not known' : `is ${served ? '' : 'not '}served`
  const kept = hindrancesOf(status, service)
  return {
    what: `${what}${is}${by}: ${count} of ${all} realservers take connections, through ${owner}`,
    since: sinceOf(known, { service, owner, out, taken: group.since }),
    why: [
      ...[...kept, ...dead].map(pathText),
      ...out.map(outText),
      // Checks go another way than its clients, none of whom gets through.
      ...(out.length === 0 && (served !== false || kept.length === 0) ? [answersText(service, dead)] : []),
    ]
      .filter((text) => text !== '')
      .join('; '),
    change: [
      ...out.map((one) => wayBack(one, service, status)),
      ...group.change,
      ...hintsOf([...kept, ...dead]),
      ...nextOf(status, out),
    ],
  }
}

const pathText = ({ message, evidence }: NodeTrouble): string =>
  evidence === undefined ? message : `${message} (${evidence})`

interface Served {
  readonly service: ServiceReport
  readonly owner: string
  readonly out: readonly RealserverReport[]
  /** When the owner took the group. */
  readonly taken: string | null
}
/** Since the newest of what made it so, as the owner tells it. Null: something of it nobody remembers. */
function sinceOf({ events }: Known, { service, owner, out, taken }: Served): string | null {
  const own = events.filter(({ node }) => node === owner)
  const lasts = service.realservers.map(({ node }) =>
    own.findLast((one) => (one.kind === 'failed' || one.kind === 'recovered') && isAbout(one, node, service.name)),
  )
  const began = out.map(({ node, state, wanted, healthy }) => {
    if (state !== undefined) return wanted ? timeText(wanted.since) : null
    const last = lasts.find((one) => one !== undefined && isAbout(one, node, service.name))
    return healthy === false && last?.kind === 'failed' ? last.at : null
  })
  const found = [...began, taken, ...lasts.map((one) => one?.at ?? '')]
  return found.includes(null) ? null : found.reduce((one, other) => ((other ?? '') > (one ?? '') ? other : one))
}

/** None of them is out. */
function answersText({ realservers }: ServiceReport, dead: readonly NodeTrouble[]): string {
  if (realservers.length === 0) return 'it has no realserver'
  const unasked = realservers.filter(({ basis }) => basis === 'no-check').map(({ node }) => node)
  const old = realservers.filter(({ unansweredMs }) => unansweredMs !== undefined)
  const unchecked = realservers
    .filter((one) => checkWord(one) === 'not checked' && one.basis !== 'no-check' && !old.includes(one))
    .map(({ node }) => node)
  const rest = realservers.filter((one) => checkWord(one) === 'healthy' && !hasDeadPath(dead, one))
  const names = rest.map(({ node }) => node).join(', ')
  const answer =
    rest.length === realservers.length && rest.length > 1
      ? 'all of them answer their checks'
      : `${names} ${rest.length === 1 ? 'answers its check' : 'answer their checks'}`
  return [
    ...(unasked.length > 0 ? [`no check asks whether these answer: ${unasked.join(', ')}`] : []),
    ...old.map(({ node, reason }) => `whether ${node} answers is not known (${reason})`),
    ...(unchecked.length > 0 ? [`not checked yet: ${unchecked.join(', ')}`] : []),
    // Checks go another way than its clients, none of whom gets through.
    ...(rest.length > 0 && !dead.some(({ code }) => code === 'no-opening') ? [answer] : []),
  ].join('; ')
}

/** A backup that waits for its turn. */
const isInReserve = ({ backup, weight, healthy, state }: RealserverReport): boolean =>
  backup === true && state === undefined && weight === 0 && healthy === true

/** The kernel sends new connections there. */
const takes = (one: RealserverReport): boolean => one.state === undefined && takesNew(one)

function outText(server: RealserverReport): string {
  const { node, state, wanted, healthy, reason, upper, active, inactive } = server
  if (state !== undefined) return `${node} is ${state}${wanted ? `, by ${wanted.author}` : ''}${leftText(server)}`
  if (healthy === false) return `${node} fails its check (${reason})`
  if (isFull(server)) return `${node} is full: it has ${active + inactive} connections of at most ${upper ?? 0}`
  return `${node} has weight 0 (${reason})`
}

/** In the service or of its node: what would bring it back. */
function wayBack(server: RealserverReport, { name }: ServiceReport, status: Status): string {
  const { node, state, healthy, configured, reason, weight } = server
  if (state !== undefined) return `${node} comes back after: lvsm enable ${node}`
  if (healthy === false && reason.includes(THROUGH_IPVS))
    return `${node} comes back by itself when its check succeeds. Its own address may answer all the same: look for the alias, the tunnel and the firewall before the VIP there (on ${node}: lvsm doctor), and whether a firewall of the director drops answers as invalid`
  if (healthy !== false && isFull(server))
    return `${node} takes new connections when enough of those that it has are over`
  if (healthy === false && weight > 0)
    return `${node} goes on taking connections: look at the server there, and whether its check asks for the right thing: lvsm check run ${name}/${node} --explain`
  if (healthy === false)
    return `${node} comes back by itself when its check succeeds: look at the server there (lvsm explain ${node})`
  return configured === undefined || configured === 0
    ? `${node} takes connections when its weight is more than 0: ${changeText(status, `lvsm server set ${node} service=${name} weight=1`, `weight: 1 for ${node} in service ${name}`)}`
    : `${node} takes connections as soon as it is in the table with its weight: look for what holds that up (lvsm status)`
}

const nextOf = ({ troubles }: Status, out: readonly RealserverReport[]): string[] =>
  hintsOf(troubles.filter(({ node }) => out.some((one) => one.node === node)))
