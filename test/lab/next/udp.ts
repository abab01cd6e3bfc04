/** With each heartbeat a datagram of one more kind goes along; whoever knows the kind takes it, and counts it. */
import { openLinks as open, type UdpEvents, type UdpLinks } from '../../../agent/lease/adapters/network/udp.ts'
import type { LeaseView } from '@lvsm/lease'
import type { Message } from '@lvsm/wire'
import { newKind, NEXT_KIND } from './more.ts'

export type { UdpEvents, UdpLinks }

export function openLinks(view: LeaseView, events: UdpEvents): UdpLinks {
  const links = open(view, {
    ...events,
    received(datagram, link) {
      const kind: string = datagram.message.kind
      if (kind === NEXT_KIND) events.count('next-datagram')
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
