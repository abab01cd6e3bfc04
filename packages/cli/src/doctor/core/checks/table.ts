/** What the table of IPVS itself shows (rows 9, 10, 18, 19, 27). */
import type { FactService } from '@lvsm/protocol'
import type { Check, Seen, Site } from '../check.ts'
import { aliasesOf } from '../part.ts'
import { nameOf, servicesOf } from '../table-facts.ts'
import { listensOnRip } from './listeners.ts'
import { zeroWeight } from './weights.ts'

/** Whose mark is not known may be for any of the addresses that this machine has as a realserver. */
function handsBack(service: FactService, { facts, part }: Site): Seen[] {
  const aliases = aliasesOf(facts)
  const answering = new Set(facts.addresses.filter((one) => !aliases.includes(one)).map(({ address }) => address))
  const silent = new Set(aliases.map(({ address }) => address).filter((address) => !answering.has(address)))
  const known = service.protocol === null ? part.marks.get(service.port) : service.address
  const where = `stands on a device without ARP here`
  if (known !== undefined)
    return silent.has(known)
      ? [
          {
            severity: 'critical',
            object: nameOf(service),
            message: `this machine is a realserver of ${known} and schedules it as well: what the owner sends it goes on to the next`,
            evidence: [`${known} ${where}`, `ipvsadm -Ln: ${nameOf(service)}`],
          },
        ]
      : []
  const mine = part.aliases.filter((address) => silent.has(address))
  if (mine.length === 0) return []
  return [
    {
      severity: 'warning',
      object: nameOf(service),
      message: `this machine is a realserver of ${mine.join(', ')} and schedules ${nameOf(service)}: where packets for that address get this mark here, what the owner sends goes on to the next`,
      evidence: [`${mine.join(', ')} ${where}`, `ipvsadm -Ln: ${nameOf(service)}`],
      mend: 'let the rule that sets the mark leave out what comes from the other directors (their MAC addresses), or take the service away here',
    },
  ]
}

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
    return servicesOf(facts)
      .filter(({ destinations }) =>
        destinations.some(({ forward, weight }) => weight > 0 && forward !== 'local' && forward !== 'nat'),
      )
      .flatMap((service) => handsBack(service, site))
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

export const TABLE_CHECKS: readonly Check[] = [pingPong, listensOnRip, udpConnections, ftp, portMap, zeroWeight]
