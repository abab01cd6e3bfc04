/** Services, each with its realservers as the owner's table has them. */
import { destKey, forwardText, placeText, serviceSpec } from '@lvsm/model'
import { isTold, lostWithMove, serverWhy, serviceNotes, type ServiceReport, type Status } from '@lvsm/protocol'
import { isLive, serverSaid, serviceSaid } from '../core/cluster.ts'
import { hrefOf } from '../core/places.ts'
import { momentOf } from '../parts/moment.tsx'
import { Word } from '../parts/said.tsx'
import { Table } from '../parts/table.tsx'

export function Services({ status, only }: { status: Status; only: string | null }) {
  const shown = status.services.filter(({ name }) => only === null || name === only)
  return (
    <>
      <h1>{only === null ? 'Services' : `Service ${only}`}</h1>
      {only !== null && (
        <p>
          <a href={hrefOf({ screen: 'services', service: null })}>All services</a>
        </p>
      )}
      {only !== null && shown.length === 0 && <p class="waits">The configuration has no service {only} now.</p>}
      {only === null && <Summary status={status} />}
      {shown.map((service) => (
        <Service key={service.name} status={status} service={service} />
      ))}
    </>
  )
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)
/** What nobody told is no zero. */
const known = (isKnown: boolean, count: number | string): string => (isKnown ? String(count) : '–')

function Summary({ status }: { status: Status }) {
  return (
    <Table
      caption="Summary"
      label="Summary of services"
      empty="There is no service yet: lvsm service add, on any node."
      columns={[
        { name: 'service' },
        { name: 'state' },
        { name: 'address' },
        { name: 'scheduler' },
        { name: 'group' },
        { name: 'servers', isNumber: true },
        { name: 'active', isNumber: true },
        { name: 'inactive', isNumber: true },
      ]}
      rows={status.services.map((service) => {
        const { name, group, realservers } = service
        const told = isTold(status, service)
        return {
          key: name,
          cells: [
            <a href={hrefOf({ screen: 'services', service: name })}>{name}</a>,
            <Word said={serviceSaid(status, service)} />,
            placeText(service),
            serviceSpec(service),
            group,
            `${known(told, realservers.filter(isLive).length)} of ${realservers.length}`,
            known(told, total(realservers.map(({ active }) => active))),
            known(told, total(realservers.map(({ inactive }) => inactive))),
          ],
        }
      })}
    />
  )
}

function Service({ status, service }: { status: Status; service: ServiceReport }) {
  const told = isTold(status, service)
  return (
    <Table
      caption={
        <>
          {service.name}{' '}
          <small>
            {placeText(service)}, {serviceSpec(service)}, group {service.group}
            {serviceNotes(status, service)}
          </small>
        </>
      }
      label={`Service ${service.name}`}
      below={lostWithMove(service)}
      empty="It has no realservers: lvsm server add, on any node."
      columns={[
        { name: 'realserver' },
        { name: 'state' },
        { name: 'address' },
        { name: 'forward' },
        { name: 'weight', isNumber: true },
        { name: 'active', isNumber: true },
        { name: 'inactive', isNumber: true },
        { name: 'why' },
      ]}
      rows={service.realservers.map((server) => ({
        key: `${server.node} ${destKey(server)}`,
        cells: [
          server.backup === true ? `${server.node} (backup)` : server.node,
          <Word said={serverSaid(server, told)} />,
          destKey(server),
          forwardText(server),
          known(told, server.weight),
          known(told, server.active),
          known(told, server.inactive),
          serverWhy(server, told, momentOf, status.troubles),
        ],
      }))}
    />
  )
}
