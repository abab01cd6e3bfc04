/** Why a service is served as it is. */
import { isTold, type RealserverReport, type ServiceReport, type Status, THROUGH_IPVS } from '@lvsm/protocol'
import { placeText } from '../status-text.ts'
import { leftText } from '../wanted-text.ts'
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
  const out = service.realservers.filter((one) => !takes(one) && !reserve.includes(one))
  const taking = service.realservers.filter(takes)
  const [count, all] = [taking.length, service.realservers.length - reserve.length]
  const by = count > 0 && taking.every(({ backup }) => backup === true) ? ' by its backup' : ''
  return {
    what: `${what}is ${count === 0 ? 'not served' : 'served'}${by}: ${count} of ${all} realservers take connections, through ${owner}`,
    since: group.since,
    why: out.length === 0 ? answersText(service) : out.map(outText).join('; '),
    change: [...out.map((one) => wayBack(one, service)), ...group.change, ...nextOf(status, out)],
  }
}

/** None of them is out. */
function answersText({ realservers }: ServiceReport): string {
  const unchecked = realservers.filter(({ healthy }) => healthy === null).map(({ node }) => node)
  if (realservers.length === 0) return 'it has no realserver'
  return unchecked.length === 0 ? 'all of them answer' : `not checked yet: ${unchecked.join(', ')}`
}

/** A backup that waits for its turn. */
const isInReserve = ({ backup, weight, healthy, state }: RealserverReport): boolean =>
  backup === true && state === undefined && weight === 0 && healthy === true

const takes = ({ weight, healthy, state }: RealserverReport): boolean =>
  state === undefined && weight > 0 && healthy !== false

function outText(server: RealserverReport): string {
  const { node, state, wanted, healthy, weight, reason } = server
  if (state !== undefined) return `${node} is ${state}${wanted ? `, by ${wanted.author}` : ''}${leftText(server)}`
  if (healthy === false)
    return `${node} fails its check (${reason})${weight > 0 ? ', and is kept because nobody else is left' : ''}`
  return `${node} has weight 0 (${reason})`
}

/** In the service or of its node: what would bring it back. */
function wayBack({ node, state, healthy, configured, reason }: RealserverReport, { name }: ServiceReport): string {
  if (state !== undefined) return `${node} comes back after: lvsm enable ${node}`
  if (healthy === false && reason.includes(THROUGH_IPVS))
    return `${node} comes back by itself when its check succeeds. Its own address may answer all the same: look for the alias, the tunnel and the firewall before the VIP there (on ${node}: lvsm doctor), and whether a firewall of the director drops answers as invalid`
  if (healthy === false)
    return `${node} comes back by itself when its check succeeds: look at the server there (lvsm explain ${node})`
  return configured === undefined || configured === 0
    ? `${node} takes connections when its weight is more than 0: lvsm server set ${node} service=${name} weight=1`
    : `${node} takes connections as soon as it is in the table with its weight: look for what holds that up (lvsm status)`
}

const nextOf = ({ troubles }: Status, out: readonly RealserverReport[]): string[] =>
  hintsOf(troubles.filter(({ node }) => out.some((one) => one.node === node)))
