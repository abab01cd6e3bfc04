/** Redirects, gateways and sources (rows 5 to 8, 21). */
import { inNetwork } from '@lvsm/model'
import type { Check, Seen, Site } from '../check.ts'
import { isIpv4 } from '../part.ts'
import { destinationsOf, forwards } from '../table-facts.ts'
import { wayBack } from './way-back.ts'

const plainNames = ({ facts }: Site): string[] =>
  facts.links.filter(({ loopback, up, name }) => !loopback && up && !name.includes('/')).map(({ name }) => name)

const redirects: Check = {
  name: 'redirects',
  rows: [5],
  title: 'ICMP redirects show realservers a way around the director',
  symptom: 'the first answer arrives, then silence',
  why: 'where a realserver by NAT and its clients are in one network, its answers must pass the director all the same',
  mend: 'director: send_redirects=0 on all, default and each interface (one of them is enough to send); realserver: accept_redirects=0 on all and each',
  look(site) {
    const { facts, part, settings } = site
    const names = plainNames(site)
    const found: Seen[] = []
    if (part.director && forwards(facts, 'nat')) {
      const sending = names.filter((name) => settings.counted(name, 'send_redirects', 'either')?.value === 1)
      const oneNetwork = destinationsOf(facts, 'nat').some(({ address }) =>
        facts.addresses.some((one) => inNetwork(address, one) && part.vips.some((vip) => inNetwork(vip, one))),
      )
      if (sending.length > 0)
        found.push({
          severity: oneNetwork ? 'critical' : 'warning',
          object: sending.join(', '),
          message: `this director sends redirects on ${sending.join(', ')}${oneNetwork ? ', and has realservers by NAT in the network of a VIP' : ''}`,
          evidence: sending.flatMap((name) => settings.counted(name, 'send_redirects', 'either')?.evidence ?? []),
          fixes: settings.fixAll(['default', ...names], 'send_redirects', '0'),
        })
    }
    const accepting =
      part.gateways.length === 0 && part.led.length === 0
        ? []
        : names.filter((name) => settings.counted(name, 'accept_redirects', 'either')?.value === 1)
    if (accepting.length > 0)
      found.push({
        severity: 'warning',
        object: accepting.join(', '),
        message: `this realserver by NAT follows redirects on ${accepting.join(', ')}`,
        evidence: accepting.flatMap((name) => settings.counted(name, 'accept_redirects', 'either')?.evidence ?? []),
        fixes: settings.fixAll(names, 'accept_redirects', '0'),
      })
    return found
  },
}

const natGateway: Check = {
  name: 'nat-gateway',
  rows: [6],
  title: 'the default route of a realserver by NAT is not its NAT gateway',
  symptom: 'requests hang: answers reach the client from an address that it never asked, or nobody',
  why: 'only the director knows how to translate an answer back, and the gateway must move with the VIP',
  mend: 'ip route replace default via GATEWAY, and take the other one out of whatever sets it at boot',
  look({ facts, part }) {
    return part.gateways.flatMap((gateway): Seen[] => {
      const family = facts.routes.filter(
        ({ prefix, destination }) => prefix === 0 && isIpv4(destination) === isIpv4(gateway),
      )
      const [best] = family.toSorted((one, other) => one.metric - other.metric)
      if (best?.gateway === gateway) return []
      const says = best
        ? `default via ${best.gateway ?? 'the wire'} dev ${best.interface} metric ${best.metric}`
        : 'no default route'
      const ip = isIpv4(gateway) ? 'ip' : 'ip -6'
      return [
        {
          severity: 'critical',
          object: gateway,
          message: `answers of this realserver do not pass the NAT gateway ${gateway}`,
          evidence: [`${ip} route: ${says}`],
          mend: `${ip} route replace default via ${gateway}; find what sets the other one (${ip} route show default)`,
        },
      ]
    })
  },
}

const sourceAddress: Check = {
  name: 'dip-is-vip',
  rows: [7],
  title: 'the director speaks to realservers with a VIP as source',
  symptom: 'checks and connections of the director itself fail, because a realserver has that address too',
  why: 'a realserver drops packets from an address that is its own (a martian source)',
  mend: 'ip route change NETWORK dev IF src DIP, or add the VIP after the DIP and with /32',
  look({ facts, part }) {
    return facts.ways
      .filter(({ source, local }) => source !== null && !local && part.vips.includes(source))
      .map(({ to, interface: device, source }) => ({
        severity: 'critical',
        object: to,
        message: `what this director says to ${to} comes from the VIP ${source}`,
        evidence: [`ip route get ${to}: dev ${device} src ${source}`],
      }))
  },
}

const martians: Check = {
  name: 'martian-answers',
  rows: [8],
  title: 'the director drops answers that have the VIP as source',
  symptom: 'realservers by direct routing whose default gateway is the director are never heard',
  why: 'a packet that comes in with an address of this machine as source is a martian, unless accept_local is 1 and rp_filter is no 1',
  mend: 'give realservers by DR another gateway; or accept_local=1 and rp_filter=2 on the inside interface; or NAT. log_martians=1 shows them',
  look(site) {
    const { facts, part, settings } = site
    if (settings.number('net/ipv4/ip_forward') !== 1 || !(forwards(facts, 'dr') || forwards(facts, 'tun'))) return []
    const here = facts.addresses.filter(({ address }) => part.vips.includes(address) && isIpv4(address))
    if (here.length === 0) return []
    const inside = new Set(
      destinationsOf(facts, 'dr', 'tun').flatMap(({ address }) =>
        facts.ways.filter((way) => way.to === address && !way.local).map((way) => way.interface),
      ),
    )
    return [...inside].flatMap((name): Seen[] => {
      const local = settings.counted(name, 'accept_local', 'either')
      if (local?.value !== 0) return []
      return [
        {
          severity: 'info',
          object: name,
          message: `if a realserver by DR or TUN on ${name} has this director as its gateway, its answers are dropped here`,
          evidence: [settings.text('net/ipv4/ip_forward'), local.evidence],
        },
      ]
    })
  },
}

/** Of IPv4 each interface has a say, for what comes in by it; of IPv6 the one of all has it alone (tried). */
function shutInterfaces({ facts, settings }: Site): Seen[] {
  if (settings.number('net/ipv4/ip_forward') !== 1) return []
  const nat = new Map(
    destinationsOf(facts, 'nat').flatMap(({ address }) => {
      const way = facts.ways.find(({ to, local }) => to === address && !local)
      return way && isIpv4(address) ? [[way.interface, address] as const] : []
    }),
  )
  return [...nat].flatMap(([name, address]): Seen[] => {
    const path = `net/ipv4/conf/${name}/forwarding`
    if (settings.number(path) !== 0) return []
    return [
      {
        severity: 'critical',
        object: name,
        message: `answers of realservers by NAT (${address}) are not passed on: nothing that comes in by ${name} is`,
        evidence: [settings.text('net/ipv4/ip_forward'), settings.text(path)],
        fixes: settings.fix(path, '1'),
      },
    ]
  })
}

const forwarding: Check = {
  name: 'ip-forward',
  rows: [21],
  title: 'NAT without forwarding',
  symptom: 'requests by NAT hang: answers are not passed on',
  why: 'answers of realservers by NAT are forwarded; DR and TUN do without',
  mend: 'net.ipv4.ip_forward=1 (IPv6: net.ipv6.conf.all.forwarding=1), with send_redirects=0; and net.ipv4.conf.IF.forwarding=1 of the interfaces on both sides',
  look(site) {
    const { facts, settings } = site
    const rows = [
      { path: 'net/ipv4/ip_forward', is: isIpv4 },
      { path: 'net/ipv6/conf/all/forwarding', is: (address: string) => !isIpv4(address) },
    ]
    const nat = destinationsOf(facts, 'nat')
    const dead = rows.flatMap(({ path, is }): Seen[] => {
      const first = nat.find(({ address }) => is(address))
      if (!first || settings.number(path) !== 0) return []
      return [
        {
          severity: 'critical',
          object: first.address,
          message: `answers of realservers by NAT (${first.address}) are not passed on`,
          evidence: [settings.text(path)],
          fixes: settings.fix(path, '1'),
        },
      ]
    })
    dead.push(...shutInterfaces(site))
    const needless =
      nat.length === 0 && (facts.ipvs?.services.length ?? 0) > 0 && settings.number('net/ipv4/ip_forward') === 1
    if (!needless) return dead
    return [
      {
        severity: 'info',
        object: 'ip_forward',
        message: 'this director forwards between its networks, and no service of it needs that',
        evidence: [settings.text('net/ipv4/ip_forward'), 'no destination of IPVS is by NAT'],
        mend: 'net.ipv4.ip_forward=0, unless the machine is a router too',
      },
    ]
  },
}

export const ROUTE_CHECKS: readonly Check[] = [redirects, natGateway, sourceAddress, martians, forwarding, wayBack]
