/** A realserver, in each service that has it: one that is no node of the cluster, where no agent runs, is known by its checks alone. */
import { checkWord, failedSince, leftText, type Status } from '@lvsm/protocol'
import { cutText } from '../wanted-text.ts'
import { type Explained, hintsOf, type Known } from './subject.ts'

export const servicesWith = ({ services }: Status, name: string): Status['services'] =>
  services.filter(({ realservers }) => realservers.some(({ node }) => node === name))

/** Connections count on all the time: of the past nobody knows them. */
export const serverTexts = ({ status, events, past }: Known, name: string): string[] =>
  servicesWith(status, name).flatMap((service) =>
    service.told === false
      ? []
      : service.realservers
          .filter(({ node }) => node === name)
          .map((server) => {
            const { weight, state, active, reason, wanted } = server
            const how = state ?? checkWord(server)
            const cut = wanted?.deadline === undefined ? '' : cutText(wanted.deadline)
            const connections = past ? '' : (leftText(server) || `, ${active} active connections`) + cut
            const begun = server.healthy === false ? failedSince(events, name, service.name) : null
            const since = begun === null ? '' : ` since ${begun}`
            return `in ${service.name} it is ${how}${since}, weight ${weight}${connections} (${reason})`
          }),
  )

/** Where its check fails: what its own node says of that, what is sent, and what comes back. */
export const checkSteps = (status: Status, name: string): string[] =>
  servicesWith(status, name).flatMap(({ name: service, realservers, told }) =>
    told !== false && realservers.some(({ node, healthy }) => node === name && healthy === false)
      ? [
          ...hintsOf(
            status.troubles.filter(
              // What is critical is a next step of its node anyway.
              ({ node, object, severity, pastMs }) =>
                node === name && object === `service ${service}` && severity !== 'critical' && pastMs === undefined,
            ),
          ),
          `in ${service} it comes back by itself when its check succeeds; each step of it: lvsm check run ${service}/${name} --explain`,
        ]
      : [],
  )

export function explainServer(known: Known, name: string): Explained {
  const { status } = known
  const services = servicesWith(status, name)
  const untold = services.filter(({ told }) => told === false).map((service) => `in ${service.name} it is not known`)
  const servers = services.flatMap(({ realservers }) => realservers.filter(({ node }) => node === name))
  const failed = servers.some(({ healthy }) => healthy === false)
  return {
    what: [`${name} is a realserver, and no node of the cluster`, ...serverTexts(known, name), ...untold].join('; '),
    since: null,
    why: 'no agent runs there, so its checks tell of it, and how its connections get on',
    change: [
      ...(failed ? ['look at the server there'] : []),
      ...checkSteps(status, name),
      ...(servers.some(({ state }) => state !== undefined) ? [`it comes back after: lvsm enable ${name}`] : []),
      ...hintsOf(status.troubles.filter(({ message }) => message.split(/[\s/]/).includes(name))),
      `what has to be set up there: lvsm recipe ${name} --os linux${status.coordinators === false ? ' --config /etc/lvsm/lvsm.yaml' : ''}; what is: lvsm doctor, on it`,
    ],
  }
}
