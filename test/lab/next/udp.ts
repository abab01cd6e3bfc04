/** With each heartbeat a datagram of one more kind goes along; whoever knows the kind takes it, and counts it. */
import type { CounterName, LeaseView, Message } from '@lvsm/protocol'
import { openLinks as open, type UdpEvents, type UdpLinks } from '../../../agent/lease/adapters/network/udp.ts'
import { newKind, NEXT_KIND } from './more.ts'

export type { UdpEvents, UdpLinks }

/** A row of the later version's counters. */
const NEXT_COUNTER = 'next-datagram' as string as CounterName

export function openLinks(view: LeaseView, events: UdpEvents): UdpLinks {
  const links = open(view, {
    ...events,
    received(datagram, link) {
      const kind: string = datagram.message.kind
      if (kind === NEXT_KIND) events.count(NEXT_COUNTER)
      else events.received(datagram, link)
    },
  })
  return {
    ...links,
    send(outgoing, recipients) {
      links.send(outgoing, recipients)
      if (outgoing.message.kind === 'heartbeat')
        links.send({ ...outgoing, message: newKind<Message>(), piggybacked: null }, recipients)
    },
  }
}
