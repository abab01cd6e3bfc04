/** Kernel, machine and what else manages it (rows 20, 31 to 38). */
import type { Check, Seen } from '../check.ts'
import { aliasesOf } from '../part.ts'
import { forwards, servicesOf } from '../table-facts.ts'

const offloads: Check = {
  name: 'offload',
  rows: [20],
  title: 'large frames on a director',
  symptom: 'DR and TUN are slow, or drop what does not fit',
  why: 'the interface joins packets that must go on as they came; the kernel switches LRO off only where it forwards',
  mend: 'ethtool -K IF lro off; where it is still slow, also rx-gro-hw off, then gro off',
  look({ facts, part }) {
    if (!part.director) return []
    const on = (word: string): string[] =>
      Object.entries(facts.offloads).flatMap(([name, all]) => (all.includes(word) ? [name] : []))
    const lro = on('rx-lro').map(
      (name): Seen => ({
        severity: 'warning',
        object: name,
        message: `${name} joins packets by LRO, which a director must not forward`,
        evidence: [`ethtool -k ${name}: rx-lro on`],
        mend: `ethtool -K ${name} lro off, and where the machine sets it up at boot`,
      }),
    )
    // What the kernel itself joins it takes apart again; how well an interface does, its driver and firmware decide.
    const gro = on('rx-gro-hw').map(
      (name): Seen => ({
        severity: 'info',
        object: name,
        message: `${name} joins packets by itself (GRO in hardware): with some drivers a director is slow, or what it sends on is dropped`,
        evidence: [`ethtool -k ${name}: rx-gro-hw on`],
        mend: `where DR or TUN is slow, try without: ethtool -K ${name} rx-gro-hw off`,
      }),
    )
    return [...lro, ...gro]
  },
}

/** Of what the table may hold. */
const NEARLY_FULL = 0.8

const neighbours: Check = {
  name: 'neighbour-table',
  rows: [31],
  title: 'the neighbour table is full',
  symptom: '"neighbour: arp_cache: neighbor table overflow!", and machines that are not reached',
  why: 'many clients and realservers in one network, and room for 1024 by default',
  mend: 'net.ipv4.neigh.default.gc_thresh1=4096, gc_thresh2=8192, gc_thresh3=16384 (and net.ipv6…)',
  look({ facts, settings }) {
    return (['ipv4', 'ipv6'] as const).flatMap((family): Seen[] => {
      const path = (key: string): string => `net/${family}/neigh/default/${key}`
      const most = settings.number(path('gc_thresh3'))
      const count = facts.counters[`neighbours-${family}`] ?? 0
      const full = facts.counters[`neighbours-${family}-full`] ?? 0
      if (most === null || (count < most * NEARLY_FULL && full === 0)) return []
      return [
        {
          severity: count < most * NEARLY_FULL ? 'warning' : 'critical',
          object: family,
          message:
            full > 0
              ? `the neighbour table of ${family} was full ${full} times since boot`
              : `the neighbour table of ${family} has ${count} entries, and room for ${most}`,
          evidence: [`${count} entries, full ${full} times`, settings.text(path('gc_thresh3'))],
          fixes: [
            ...settings.fix(path('gc_thresh3'), String(most * 4)),
            ...settings.fix(path('gc_thresh2'), String(most * 2)),
            ...settings.fix(path('gc_thresh1'), String(most)),
          ],
        },
      ]
    })
  },
}

const readOnly: Check = {
  name: 'read-only',
  rows: [32],
  title: 'settings cannot be written here',
  symptom: 'nothing of what is set counts; tables of IPVS may be refused too',
  why: 'in a container /proc/sys is read-only, and some net/ipv4/vs settings are missing or not to be written',
  mend: 'run it on the machine itself, or in a privileged container with the network of the host',
  look({ facts }) {
    if (!facts.readOnly) return []
    return [
      {
        severity: 'warning',
        object: '/proc/sys',
        message: '/proc/sys is mounted read-only',
        evidence: ['access(/proc/sys/net/ipv4/ip_forward): read-only file system'],
      },
    ]
  },
}

const heartbeatClock: Check = {
  name: 'heartbeat-clock',
  rows: [33],
  title: 'heartbeats that go by the wall clock',
  symptom: 'a step of the clock locks a node out, or lets recordings in',
  why: 'a generation made of the time of day goes back with it',
  mend: 'take hbgenmethod out of ha.cf: without it the generation is kept in a file',
  look({ facts }) {
    return facts.lines
      .filter(({ text }) => /^\s*hbgenmethod\s+time\b/.test(text))
      .map(({ path, number, text }) => ({
        severity: 'warning',
        object: path,
        message: 'Heartbeat counts its generations by the wall clock here',
        evidence: [`${path}:${number}: ${text.trim()}`],
      }))
  },
}

const modules: Check = {
  name: 'modules',
  rows: [34],
  title: 'a module is missing',
  symptom: 'no table, or no service of one scheduler',
  why: 'IPVS, its schedulers and tunnels are modules, and kernels for clouds often come without',
  mend: 'modprobe it; Debian: package linux-image-amd64, not the cloud flavour',
  look({ facts, part }) {
    const missing: Seen[] = []
    const unknown = facts.gaps.some(({ what }) => what === 'IPVS')
    if (part.director && facts.ipvs === null && !unknown)
      missing.push({
        severity: 'critical',
        object: 'ip_vs',
        message: 'this machine is a director, and its kernel has no IPVS',
        evidence: ['generic netlink has no family IPVS', `kernel ${facts.kernel}`],
        fixes: [{ kind: 'module', name: 'ip_vs' }],
      })
    const unscheduled = servicesOf(facts).filter(({ scheduler }) => scheduler === 'none')
    if (unscheduled.length > 0)
      missing.push({
        severity: 'critical',
        object: 'scheduler',
        message: 'a service has lost its scheduler: its module was unloaded',
        evidence: ['ipvsadm -Ln: scheduler none'],
      })
    return missing
  },
}

const networkDaemon: Check = {
  name: 'network-daemon',
  rows: [35],
  title: 'a network manager takes away what is not its own',
  symptom: 'a VIP, an alias, a route or a rule is gone after a reload, or when a lease is renewed',
  why: 'systemd-networkd, NetworkManager and dhclient set an interface to what they know',
  mend: 'networkd: ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no in /etc/systemd/networkd.conf.d; NetworkManager: unmanaged-devices=… in /etc/NetworkManager/conf.d',
  look({ facts, part }) {
    if (!part.director && part.aliases.length === 0 && part.gateways.length === 0) return []
    const says = (pattern: RegExp): boolean => facts.lines.some(({ text }) => pattern.test(text))
    const rows = [
      { name: 'systemd-networkd', kept: /^\s*ManageForeignRoutes\s*=\s*(no|false|0)\b/i },
      { name: 'NetworkManager', kept: /^\s*unmanaged-devices\s*=\s*\S/ },
      { name: 'dhclient', kept: null },
    ]
    return rows.flatMap(({ name, kept }): Seen[] => {
      // The kernel keeps 15 characters of a name.
      const found = facts.processes.find((one) => one.name.slice(0, 15) === name.slice(0, 15))
      if (!found || (kept !== null && says(kept))) return []
      return [
        {
          severity: kept === null ? 'info' : 'warning',
          object: name,
          message: `${name} runs here, and may take addresses and routes away that are not its own`,
          evidence: [`process ${found.pid}: ${found.words}`],
        },
      ]
    })
  },
}

const floating: Check = {
  name: 'announces-all',
  rows: [38],
  title: 'a bond announces every address of the device',
  symptom: 'after a failover of the bond, or a migration, a standby announces a VIP that it has configured',
  why: 'the driver sends gratuitous ARP for all addresses by itself',
  mend: 'no VIP on a standby (lvsm has none there, and fences what goes out); else fail_over_mac and num_grat_arp=0',
  look({ facts, part }) {
    const bonds = facts.links.filter(({ kind }) => kind === 'bond' || kind === 'team')
    const fenced = facts.chains.some(({ table }) => table === 'lvsm')
    if (!part.director || fenced) return []
    return bonds.flatMap(({ name, kind }): Seen[] => {
      const here = facts.addresses.filter((one) => one.interface === name && part.vips.includes(one.address))
      return here.map(({ address }) => ({
        severity: 'info',
        object: name,
        message: `${name} (${kind}) announces ${address} whenever it fails over`,
        evidence: [`${address} on ${name}, and no fence of lvsm`],
      }))
    })
  },
}

const natPolicy: Check = {
  name: 'forward-policy',
  rows: [36, 37],
  title: 'somebody else drops what this machine forwards',
  symptom: 'NAT is dead after Docker, ufw or firewalld started; DR works on',
  why: 'a chain of the forward hook with the policy drop counts whatever others accept',
  mend: 'accept what goes to and comes from realservers there (Docker: chain DOCKER-USER; ufw: DEFAULT_FORWARD_POLICY; firewalld: a policy)',
  look({ facts, part }) {
    if (!forwards(facts, 'nat') && !(part.director && aliasesOf(facts).length > 0)) return []
    const FORWARD = 2
    return facts.chains
      .filter(({ hook, policy, table }) => hook === FORWARD && policy === 'drop' && !table.startsWith('lvsm'))
      .map(({ family, table, chain }) => ({
        severity: 'warning',
        object: `${family} ${table} ${chain}`,
        message: `the chain ${chain} of the table ${family} ${table} drops what it does not name, and answers by NAT pass it`,
        evidence: [`nft list chain ${family} ${table} ${chain}: hook forward, policy drop`],
      }))
  },
}

export const MACHINE_CHECKS: readonly Check[] = [
  offloads,
  neighbours,
  readOnly,
  heartbeatClock,
  modules,
  networkDaemon,
  floating,
  natPolicy,
]
