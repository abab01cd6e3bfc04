/** What comes out of tunnels, and what fits into them (rows 3 and 4). */
import { type Family, familyOf } from '@lvsm/base'
import type { Check, Seen } from '../check.ts'
import { isIpv4, tunnelDevices } from '../part.ts'
import { forwards } from '../table-facts.ts'

/** Devices of lvsm. */
const OWN_PREFIX = 'lvsm-'
/** They unwrap what anybody sends. */
const OPEN_DEVICES: ReadonlySet<string> = new Set(['tunl0', 'gre0'])

const tunnelFilter: Check = {
  name: 'tunnel-rp-filter',
  rows: [3],
  title: 'what comes out of a tunnel is dropped',
  symptom: 'wrapped packets arrive, and the service never sees them',
  why: 'rp_filter=1 wants the way back to the client to be the way by which the packet came; a loose one (2) is taken for a strict one where the device has no address',
  mend: 'net.ipv4.conf.TUNNEL.rp_filter=2, and an address on the device; a 0 there does nothing while all is 1',
  look({ facts, part, settings }) {
    if (!part.tunnelled) return []
    return tunnelDevices(facts, 'ipv4').flatMap(({ name }): Seen[] => {
      const isOurs = name.startsWith(OWN_PREFIX)
      // What else is wrapped on a node is no business of its VIPs: a tunnel to another site is strict on purpose.
      if (part.asked !== null && !isOurs) return []
      const isOpen = OPEN_DEVICES.has(name)
      const filter = settings.counted(name, 'rp_filter', 'larger')
      const addressed = facts.addresses.some((one) => one.interface === name && isIpv4(one.address))
      const strict = filter?.value === 1 || (filter?.value === 2 && !addressed)
      if (!filter || !strict) return []
      const dropped = facts.counters['TcpExtIPReversePathFilter']
      return [
        {
          severity: isOurs || isOpen ? 'critical' : 'info',
          object: name,
          message:
            filter.value === 2
              ? `${name} has no address, so that its loose rp_filter counts as a strict one`
              : `the kernel drops what comes out of ${name}: the way back to a client is another one`,
          evidence: [
            filter.evidence,
            ...(addressed ? [] : [`${name} has no IPv4 address`]),
            ...(dropped === undefined ? [] : [`nstat TcpExtIPReversePathFilter: ${dropped} dropped since boot`]),
          ],
          ...(filter.value === 2 ? { mend: `ip address add 127.76.0.1/32 scope host dev ${name}` } : {}),
          // Another device may have one end alone, and be strict on purpose.
          fixes: isOurs || isOpen ? settings.fix(`net/ipv4/conf/${name}/rp_filter`, '2') : [],
        },
      ]
    })
  },
}

/** What does not carry data in a packet by IP in IP; with GRE and GUE more. */
const NOT_DATA: Readonly<Record<Family, number>> = { ipv4: 20 + 40, ipv6: 40 + 60 }

const tunnelMss: Check = {
  name: 'tunnel-mtu',
  rows: [4],
  title: 'a wrapped packet does not fit',
  symptom: 'small requests work, large uploads hang',
  why: 'a tunnel takes 20 to 32 bytes of each packet, over IPv6 40 to 52: clients must be told of a smaller segment, or of the smaller MTU by ICMP',
  mend: 'on the realserver: ip route change default via GATEWAY advmss 1440 (with GUE 1428); on the director: net.ipv4.vs.pmtu_disc=1, and let ICMP "fragmentation needed" pass',
  look({ facts, part, settings }) {
    const found: Seen[] = []
    if (forwards(facts, 'tun') && settings.number('net/ipv4/vs/pmtu_disc') === 0)
      found.push({
        severity: 'warning',
        object: 'pmtu_disc',
        message: 'this director fragments what it wraps, and tells no client of the smaller MTU',
        evidence: [settings.text('net/ipv4/vs/pmtu_disc')],
        fixes: settings.fix('net/ipv4/vs/pmtu_disc', '1'),
      })
    const clamped = facts.chains.some(({ chain }) => /clamp|mss/i.test(chain))
    if (!part.tunnelled || part.aliases.length === 0 || clamped) return found
    for (const { gateway, interface: device, mss } of facts.routes.filter(({ prefix }) => prefix === 0)) {
      const mtu = facts.links.find(({ name }) => name === device)?.mtu ?? 0
      const family = gateway === null ? 'ipv4' : familyOf(gateway)
      if (!part.aliases.some((alias) => familyOf(alias) === family)) continue
      const most = mtu - NOT_DATA[family]
      if (mtu === 0 || (mss !== null && mss <= most)) continue
      found.push({
        severity: 'warning',
        object: device,
        message: `clients behind ${gateway ?? device} are offered segments that do not fit into the tunnel`,
        evidence: [
          `default route by ${device} (MTU ${mtu}): ${mss === null ? 'no advmss' : `advmss ${mss}`}; ${most} would fit`,
          'no nftables chain of this machine clamps the MSS',
        ],
        mend: `ip ${family === 'ipv6' ? '-6 ' : ''}route change default ${gateway === null ? '' : `via ${gateway} `}dev ${device} advmss ${most}`,
      })
    }
    return found
  },
}

export const TUNNEL_CHECKS: readonly Check[] = [tunnelFilter, tunnelMss]
