/** What the table of IPVS itself shows (rows 9, 10, 18, 19, 27). */
import { familyOf } from '@lvsm/base'
import type { Check, Seen } from '../check.ts'
import { aliasesOf, isIpv4 } from '../part.ts'
import { type FactDestination, nameOf, servicesOf } from '../table-facts.ts'

const pingPong: Check = {
  name: 'ping-pong',
  rows: [9],
  title: 'two directors hand a packet back and forth, or the active one forwards nothing',
  symptom:
    'a storm between two machines that are directors and realservers both; or silence, with backup_only=1 and both daemons',
  why: 'a standby that has the VIP as a realserver and a service for it schedules again what the owner sent it; backup_only=1 switches IPVS off wherever a backup daemon runs',
  mend: 'no service for the VIP on who is not the owner, or mark only what comes from clients (lvsm: forward: local, or fullnat to share the load); backup_only=0 where both daemons run',
  look(site) {
    const { facts, settings } = site
    const backupOnly = settings.number('net/ipv4/vs/backup_only') === 1
    const daemons = new Set((facts.ipvs?.daemons ?? []).map(({ state }) => state))
    if (backupOnly && daemons.has('backup') && daemons.has('master'))
      return [
        {
          severity: 'critical',
          object: 'backup_only',
          message: 'IPVS is switched off on this director: both daemons run, and backup_only is 1',
          evidence: [settings.text('net/ipv4/vs/backup_only'), 'ipvsadm -L --daemon: master and backup'],
          fixes: settings.fix('net/ipv4/vs/backup_only', '0'),
        },
      ]
    if (backupOnly && daemons.has('backup')) return []
    const silent = new Set(aliasesOf(facts).map(({ address }) => address))
    const answering = new Set(
      facts.addresses.filter((one) => !aliasesOf(facts).includes(one)).map(({ address }) => address),
    )
    return servicesOf(facts)
      .filter(({ address }) => silent.has(address) && !answering.has(address))
      .filter(({ destinations }) =>
        destinations.some(({ forward, weight }) => weight > 0 && forward !== 'local' && forward !== 'nat'),
      )
      .map((service) => ({
        severity: 'critical',
        object: nameOf(service),
        message: `this machine is a realserver of ${service.address} and schedules it as well: what the owner sends it goes on to the next`,
        evidence: [`${service.address} stands on a device without ARP here`, `ipvsadm -Ln: ${nameOf(service)}`],
      }))
  },
}

const listensOnRip: Check = {
  name: 'listens-on-rip',
  rows: [10],
  title: 'a program does not listen where clients ask',
  symptom: 'the realserver is well at its own address, and refuses what comes for the VIP',
  why: 'by DR, TUN and on the director itself the packet still is for the VIP and its port',
  mend: 'let it listen on the VIP or on all addresses, at the port of the service',
  look({ facts, part }) {
    const isHere = (given: string): boolean => facts.addresses.some(({ address }) => address === given)
    // Of an address of its own a kernel says the method that was asked for, and delivers all the same (tried: 6.1).
    const isLocal = ({ forward, address }: FactDestination): boolean =>
      forward === 'local' || (forward !== 'nat' && isHere(address))
    const local = servicesOf(facts).flatMap(({ protocol, address, port, destinations }) =>
      protocol !== null && destinations.some((one) => isLocal(one) && one.weight > 0)
        ? [{ protocol, address, port }]
        : [],
    )
    const own = facts.listeners.filter(({ address }) => facts.addresses.some((one) => one.address === address))
    const asked = part.director
      ? local
      : own.flatMap(({ protocol, port }) => part.aliases.map((address) => ({ protocol, address, port })))
    const seen = new Set<string>()
    return asked.flatMap(({ protocol, address, port }): Seen[] => {
      const key = `${protocol} ${address} ${port}`
      if (seen.has(key)) return []
      seen.add(key)
      const here = facts.listeners.filter((one) => one.protocol === protocol && one.port === port)
      const everywhere = here.some(
        (one) => one.address === address || one.address === '::' || (one.address === '0.0.0.0' && isIpv4(address)),
      )
      const wrong = here.filter((one) => familyOf(one.address) === familyOf(address) && !one.address.startsWith('127.'))
      if (everywhere || wrong.length === 0) return []
      return [
        {
          severity: part.director ? 'critical' : 'warning',
          object: `${address} port ${port}`,
          message: `a program listens on ${wrong.map((one) => one.address).join(', ')} port ${port}, and not on ${address}`,
          evidence: wrong.map((one) => `ss -ln: ${one.protocol} ${one.address}:${one.port}`),
        },
      ]
    })
  },
}

const LONG_UDP_SECONDS = 60

const udpConnections: Check = {
  name: 'udp-sticks',
  rows: [18],
  title: 'UDP "connections"',
  symptom: 'one resolver sticks to one realserver for minutes, also when that is dead',
  why: 'IPVS remembers who asked whom for the UDP timeout, and each packet begins it anew',
  mend: 'one-packet scheduling (lvsm service set NAME one-packet=true; ipvsadm --ops), or a short timeout (lvsm cluster set udp-timeout=10s; ipvsadm --set 0 0 10)',
  look({ facts }) {
    const seconds = facts.ipvs?.udpSeconds ?? 0
    if (seconds <= LONG_UDP_SECONDS) return []
    return servicesOf(facts)
      .filter(({ protocol, onePacket }) => protocol === 'udp' && !onePacket)
      .map((service) => ({
        severity: 'warning',
        object: nameOf(service),
        message: `clients of ${nameOf(service)} stay with one realserver until they were silent for ${seconds} s`,
        evidence: [`ipvsadm -L --timeout: udp ${seconds}`, 'the service is not one-packet'],
      }))
  },
}

const ftp: Check = {
  name: 'ftp',
  rows: [19],
  title: 'FTP needs help',
  symptom: 'log-in works, listing and files do not',
  why: 'the data connection is one of its own, to another port',
  mend: 'NAT: lvsm service set NAME helper=ftp, and modprobe ip_vs_ftp (ports=21,PORT for another port); DR and TUN: passive ports in one service by mark, with persistence',
  look({ facts }) {
    return servicesOf(facts)
      .filter(({ protocol, port }) => protocol === 'tcp' && port === 21)
      .flatMap((service): Seen[] => {
        const nat = service.destinations.some(({ forward }) => forward === 'nat')
        const loaded = facts.modules.includes('ip_vs_ftp')
        if (nat ? loaded : service.persistenceSeconds > 0) return []
        return [
          {
            severity: 'warning',
            object: nameOf(service),
            message: nat
              ? 'FTP by NAT without the module ip_vs_ftp'
              : 'FTP without persistence: data connections go to another realserver',
            evidence: [
              nat ? '/sys/module/ip_vs_ftp is not there' : `ipvsadm -Ln: ${nameOf(service)} is not persistent`,
            ],
            ...(nat ? { fixes: [{ kind: 'module', name: 'ip_vs_ftp' } as const] } : {}),
          },
        ]
      })
  },
}

const portMap: Check = {
  name: 'port-map',
  rows: [27],
  title: 'another port under DR or TUN',
  symptom: 'the realserver is asked at the port of the service, whatever the table says',
  why: 'the packet is not changed: only NAT translates ports',
  mend: 'give the destination the port of the service, or use NAT',
  look({ facts }) {
    return servicesOf(facts).flatMap((service) =>
      service.destinations
        .filter(
          ({ forward, port }) =>
            service.protocol !== null && service.port !== 0 && forward !== 'nat' && port !== service.port,
        )
        .map(
          (one): Seen => ({
            severity: 'warning',
            object: `${one.address}:${one.port}`,
            message: `${one.address} is asked at port ${service.port}, and not at ${one.port}: ${one.forward} keeps the port`,
            evidence: [`ipvsadm -Ln: ${nameOf(service)} -> ${one.address}:${one.port} ${one.forward}`],
          }),
        ),
    )
  },
}

export const TABLE_CHECKS: readonly Check[] = [pingPong, listensOnRip, udpConnections, ftp, portMap]
