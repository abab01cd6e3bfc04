/** Why a service is served as it is. */
import type { RealserverReport, ServiceReport, Status } from '@lvsm/protocol'
import { serviceKey } from '@lvsm/model'
import { explainGroup } from './group.ts'
import type { Explained, Known } from './subject.ts'

export function explainService(known: Known, name: string): Explained {
  const { status } = known
  const service = status.services.find((one) => one.name === name)
  if (!service) return { what: `there is no service ${name}`, since: null, why: '', change: [] }
  const group = explainGroup(known, service.group)
  const owner = status.groups.find((one) => one.name === service.group)?.owner ?? null
  const what = `service ${name} (${serviceKey(service)}) `
  if (owner === null) return { ...group, what: `${what}is not served: ${group.what}` }
  if (service.told === false)
    return {
      ...group,
      what: `what ${owner} serves of ${what.trimEnd()} is not known here`,
      why: `${owner} did not tell its table; ${group.why}`,
    }
  const out = service.realservers.filter((one) => !takes(one))
  const count = service.realservers.length - out.length
  return {
    what: `${what}is ${count === 0 ? 'not served' : 'served'}: ${count} of ${service.realservers.length} realservers take connections, through ${owner}`,
    since: group.since,
    why: out.length === 0 ? 'all of them answer' : out.map(outText).join('; '),
    change: [...out.map((one) => wayBack(one, service)), ...group.change, ...nextOf(status, out)],
  }
}

const takes = ({ weight, healthy, state }: RealserverReport): boolean =>
  state === undefined && weight > 0 && healthy !== false

function outText({ node, state, wanted, healthy, weight, reason }: RealserverReport): string {
  if (state !== undefined) return `${node} is ${state}${wanted ? `, by ${wanted.author}` : ''}`
  if (healthy === false)
    return `${node} fails its check (${reason})${weight > 0 ? ', and is kept because nobody else is left' : ''}`
  return `${node} has weight 0 (${reason})`
}

/** In the service or of its node: what would bring it back. */
function wayBack({ node, state, healthy }: RealserverReport, { name }: ServiceReport): string {
  if (state !== undefined) return `${node} comes back after: lvsm enable ${node}`
  return healthy === false
    ? `${node} comes back by itself when its check succeeds: look at the server there (lvsm explain ${node})`
    : `${node} takes connections when its weight is more than 0: lvsm server set ${node} service=${name} weight=1`
}

const nextOf = ({ troubles }: Status, out: readonly RealserverReport[]): string[] =>
  troubles
    .filter(({ node, hint }) => hint !== undefined && out.some((one) => one.node === node))
    .map(({ node, message, hint }) => `${node}: ${message}: ${hint}`)
