/** Addresses, and who answers for them (rows 1, 2, 22, 23, 28, 29). */
import { familyOf } from '@lvsm/base'
import { hostPrefix, inNetwork, networkCidr } from '@lvsm/model'
import type { Check, Seen, Site } from '../check.ts'
import { aliasesOf, isIpv4 } from '../part.ts'

/** Interfaces by which others ask this machine. */
const facing = ({ facts: { links, addresses } }: Site): string[] =>
  links
    .filter((link) => link.up && link.arp && !link.loopback && !link.name.includes('/'))
    .filter((link) => addresses.some((one) => one.interface === link.name && isIpv4(one.address)))
    .map(({ name }) => name)

const arpSettings: Check = {
  name: 'arp',
  rows: [1],
  title: 'a realserver answers ARP for a VIP',
  symptom: "the VIP's MAC address changes to a realserver's, often only when a client's ARP cache expires",
  why: 'Linux answers for each of its addresses, and what a local route makes one, on every interface, and names any of them as the sender of its own questions; NOARP of a dummy or tunnel device that has it does not help',
  mend: 'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2, before the address is added, and in /etc/sysctl.d',
  look(site) {
    const { part, settings } = site
    const vips = part.aliases.filter(isIpv4)
    if (vips.length === 0) return []
    const loud = facing(site).flatMap((name): Seen[] => {
      const ignore = settings.counted(name, 'arp_ignore', 'larger')
      const announce = settings.counted(name, 'arp_announce', 'larger')
      if (!ignore || !announce) return []
      const answers = ignore.value !== 1 && ignore.value !== 2
      const names = announce.value !== 2
      if (!answers && !names) return []
      const does = [...(answers ? ['answers'] : []), ...(names ? ['names itself in its questions'] : [])].join(' and ')
      return [
        {
          severity: 'critical',
          object: name,
          message: `this machine ${does} by ARP for ${vips.join(', ')} on ${name}`,
          evidence: [...(answers ? [ignore.evidence] : []), ...(names ? [announce.evidence] : [])],
          fixes: [
            ...(answers ? settings.fix('net/ipv4/conf/all/arp_ignore', '1') : []),
            ...(names ? settings.fix('net/ipv4/conf/all/arp_announce', '2') : []),
          ],
        },
      ]
    })
    return [...loud, ...standing(site)]
  },
}

/** On an interface by which it is asked for, no setting keeps an address silent. */
const standing = ({ facts, part }: Site): Seen[] =>
  facts.addresses
    .filter(({ address }) => part.aliases.includes(address) && !part.director)
    .filter((one) => facts.links.some(({ name, arp, loopback }) => name === one.interface && arp && !loopback))
    .filter((one) => !aliasesOf(facts).includes(one))
    .map((one) => ({
      severity: 'critical',
      object: one.address,
      message: `the VIP ${one.address} stands on ${one.interface}, where this machine is asked for it: no setting keeps it silent`,
      evidence: [`${one.address}/${one.prefix} on ${one.interface}`],
      mend: `ip address add ${one.address}/${hostPrefix(one.address)} dev lo; ip address del ${one.address}/${one.prefix} dev ${one.interface}`,
    }))

const aliasMask: Check = {
  name: 'alias-mask',
  rows: [2],
  title: 'an address on lo has the mask of a network',
  symptom: 'the realserver reaches nobody in its own network any more: it takes all of it for itself',
  why: 'what is on lo is local with its whole prefix',
  mend: 'give it the prefix of a single host: /32, or /128',
  look({ facts, part }) {
    return aliasesOf(facts)
      .filter(({ address, prefix }) => prefix < hostPrefix(address))
      .map(({ address, prefix, interface: device }): Seen => {
        const { address: network } = networkCidr({ address, prefix })
        const message = `${address}/${prefix} on ${device} makes all of ${network}/${prefix} local`
        const evidence = [`ip address show dev ${device}: ${address}/${prefix}`]
        // A network for itself on lo is what some mean: routers, and whoever listens on all of it.
        const isCutOff = facts.addresses.some(
          (one) => one.interface !== device && inNetwork(one.address, { address, prefix }),
        )
        const isVip = part.asked !== null && part.aliases.includes(address)
        if (!isCutOff && !isVip)
          return {
            severity: 'info',
            object: address,
            message,
            evidence,
            mend: 'nothing, if it is meant so; for a VIP: the prefix of a single host',
          }
        const fixes = [
          { kind: 'address', interface: device, address, prefix: hostPrefix(address), was: prefix } as const,
        ]
        return { severity: 'critical', object: address, message, evidence, fixes }
      })
  },
}

const nonlocalBind: Check = {
  name: 'nonlocal-bind',
  rows: [22],
  title: 'a program is to listen on a VIP that is not here yet',
  symptom: 'it ends at its start on the standby, and is missing after the takeover',
  why: 'bind() wants an address of this machine, unless ip_nonlocal_bind says otherwise; IPVS itself needs none',
  mend: 'net.ipv4.ip_nonlocal_bind=1 (and net.ipv6.ip_nonlocal_bind=1) in /etc/sysctl.d, or let it listen on all addresses',
  look({ facts, part, settings }) {
    if (settings.number('net/ipv4/ip_nonlocal_bind') !== 0) return []
    const absent = part.vips.filter((vip) => !facts.addresses.some(({ address }) => address === vip))
    const named = facts.lines.filter(
      ({ path, text }) => /haproxy|nginx|bind/.test(path) && absent.some((vip) => mentions(text, vip)),
    )
    return named.map(({ path, number, text }) => ({
      severity: 'warning',
      object: path,
      message: `${path} names a VIP that this machine has not now, and may not be bound`,
      evidence: [`${path}:${number}: ${text}`, settings.text('net/ipv4/ip_nonlocal_bind')],
    }))
  },
}
const mentions = (text: string, address: string): boolean =>
  text.split(/[\s;[\]]+/).some((word) => word === address || word.startsWith(`${address}:`))

const gratuitousArp: Check = {
  name: 'garp',
  rows: [23],
  title: 'gratuitous ARP is not heard here',
  symptom: 'after a takeover this machine still sends to the dead director, until its ARP cache expires',
  why: 'drop_gratuitous_arp and drop_unsolicited_na throw away what a new owner says of its addresses',
  mend: 'net.ipv4.conf.all.drop_gratuitous_arp=0, and of each interface; the same of drop_unsolicited_na in IPv6',
  look(site) {
    const { facts, settings } = site
    const names = facts.links.filter(({ loopback, up }) => !loopback && up).map(({ name }) => name)
    return names.flatMap((name): Seen[] => {
      const v4 = settings.counted(name, 'drop_gratuitous_arp', 'either')
      const [all, own] = ['all', name].map((one) => `net/ipv6/conf/${one}/drop_unsolicited_na`)
      const v6 = [all, own].flatMap((path) => (path !== undefined && settings.number(path) === 1 ? [path] : []))
      if (v4?.value !== 1 && v6.length === 0) return []
      return [
        {
          severity: 'warning',
          object: name,
          message: `${name} does not hear when an address moves to another machine`,
          evidence: [...(v4?.value === 1 ? [v4.evidence] : []), ...v6.map((path) => settings.text(path))],
          fixes: [
            ...settings.fixAll([name], 'drop_gratuitous_arp', '0'),
            ...v6.flatMap((path) => settings.fix(path, '0')),
          ],
        },
      ]
    })
  },
}

const arpFlux: Check = {
  name: 'arp-flux',
  rows: [28],
  title: 'two interfaces in one network answer for each other',
  symptom: "a VIP's MAC address is now that of one interface, now that of the other",
  why: 'Linux answers on every interface for each of its addresses, unless arp_ignore or arp_filter says otherwise',
  mend: 'net.ipv4.conf.all.arp_ignore=1, or one interface in each network',
  look(site) {
    const { facts, settings, part } = site
    if (!part.director && part.aliases.length === 0) return []
    const names = facing(site)
    const own = facts.addresses.filter((one) => names.includes(one.interface) && isIpv4(one.address))
    return own.flatMap((one, at): Seen[] => {
      const other = own
        .slice(0, at)
        .find((before) => before.interface !== one.interface && inNetwork(before.address, one))
      if (!other) return []
      const flux = [one, other].filter(({ interface: name }) => {
        const [ignore, filter] = [
          settings.counted(name, 'arp_ignore', 'larger'),
          settings.counted(name, 'arp_filter', 'either'),
        ]
        return ignore?.value === 0 && filter?.value !== 1
      })
      if (flux.length === 0) return []
      return [
        {
          severity: 'warning',
          object: `${other.interface}, ${one.interface}`,
          message: `${other.interface} and ${one.interface} are in one network, and answer ARP for each other's addresses`,
          evidence: [
            `${other.address}/${other.prefix} on ${other.interface}, ${one.address}/${one.prefix} on ${one.interface}`,
            ...flux.flatMap(({ interface: name }) => settings.counted(name, 'arp_ignore', 'larger')?.evidence ?? []),
          ],
          fixes: settings.fix('net/ipv4/conf/all/arp_ignore', '1'),
        },
      ]
    })
  },
}

const neighbourDiscovery: Check = {
  name: 'ipv6-address',
  rows: [29],
  title: 'an IPv6 VIP is not usable, or may be a source',
  symptom: 'a takeover takes seconds, or this machine speaks to others with the VIP as source and gets no answer',
  why: 'duplicate address detection, and the choice of a source among all addresses that are not deprecated',
  mend: 'ip -6 address add VIP/128 dev IF nodad preferred_lft 0',
  look({ facts, part }) {
    const vips = new Set([...part.vips, ...part.aliases])
    return facts.addresses
      .filter(({ address }) => familyOf(address) === 'ipv6' && vips.has(address))
      .flatMap((one): Seen[] => {
        const evidence = [`ip -6 address show dev ${one.interface}: ${one.address}/${one.prefix}`]
        const say = (severity: Seen['severity'], message: string, more: string): Seen[] => [
          { severity, object: one.address, message, evidence: [`${evidence[0]} ${more}`] },
        ]
        if (one.dadFailed) return say('critical', `${one.address} is not usable: another machine has it`, 'dadfailed')
        if (one.tentative)
          return say('critical', `${one.address} is not usable yet: it is asked whether somebody has it`, 'tentative')
        return one.deprecated
          ? []
          : say('warning', `${one.address} may be the source of what this machine says by itself`, '(not deprecated)')
      })
  },
}

export const ADDRESS_CHECKS: readonly Check[] = [
  arpSettings,
  aliasMask,
  nonlocalBind,
  gratuitousArp,
  arpFlux,
  neighbourDiscovery,
]
