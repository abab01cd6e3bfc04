/** A realserver, in each service that has it: one that is no node of the cluster, where no agent runs, is known by its checks alone. */
import { checkWord, type Status } from '@lvsm/protocol'
import { cutText, leftText } from '../wanted-text.ts'
import { type Explained, hintsOf, type Known } from './subject.ts'

export const servicesWith = ({ services }: Status, name: string): Status['services'] =>
  services.filter(({ realservers }) => realservers.some(({ node }) => node === name))

/** Connections count on all the time: of the past nobody knows them. */
export const serverTexts = (status: Status, name: string, isPast: boolean): string[] =>
  servicesWith(status, name).flatMap((service) =>
    service.told === false
      ? []
      : service.realservers
          .filter(({ node }) => node === name)
          .map((server) => {
            const { weight, state, active, reason, wanted } = server
            const how = state ?? checkWord(server)
            const cut = wanted?.deadline === undefined ? '' : cutText(wanted.deadline)
            const connections = isPast ? '' : (leftText(server) || `, ${active} active connections`) + cut
            return `in ${service.name} it is ${how}, weight ${weight}${connections} (${reason})`
          }),
  )

export function explainServer({ status, past }: Known, name: string): Explained {
  const services = servicesWith(status, name)
  const untold = services.filter(({ told }) => told === false).map((service) => `in ${service.name} it is not known`)
  const servers = services.flatMap(({ realservers }) => realservers.filter(({ node }) => node === name))
  const failed = servers.some(({ healthy }) => healthy === false)
  return {
    what: [
      `${name} is a realserver, and no node of the cluster`,
      ...serverTexts(status, name, past !== undefined),
      ...untold,
    ].join('; '),
    since: null,
    why: 'no agent runs there, so its checks tell of it, and how its connections get on',
    change: [
      ...(failed ? ['it comes back by itself when its check succeeds: look at the server there'] : []),
      ...(servers.some(({ state }) => state !== undefined) ? [`it comes back after: lvsm enable ${name}`] : []),
      ...hintsOf(status.troubles.filter(({ message }) => message.split(/[\s/]/).includes(name))),
      `what has to be set up there: lvsm recipe ${name} --os linux${status.coordinators === false ? ' --config /etc/lvsm/lvsm.yaml' : ''}; what is: lvsm doctor, on it`,
    ],
  }
}
