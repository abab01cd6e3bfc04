/** Settings of IPVS about connections (rows 11 to 16). */
import { MARKS } from '@lvsm/base'
import type { Check, Seen } from '../check.ts'
import { forwards, nameOf, servicesOf } from '../table-facts.ts'

const vs = (key: string): string => `net/ipv4/vs/${key}`

/** Kernel before this one? `6.1.0-28-amd64`. */
export function isBefore(kernel: string, major: number, minor: number): boolean {
  const [, one, two] = /^(\d+)\.(\d+)/.exec(kernel) ?? []
  return one !== undefined && (Number(one) < major || (Number(one) === major && Number(two) < minor))
}

const nodest: Check = {
  name: 'expire-nodest',
  rows: [11],
  title: 'clients of a removed realserver hang',
  symptom: 'for up to 15 minutes, until the connection times out',
  why: 'IPVS drops packets of a connection whose destination has gone, so that one that comes back finds it again',
  mend: 'net.ipv4.vs.expire_nodest_conn=1',
  look({ facts, part, settings }) {
    if (!part.director || facts.ipvs === null || settings.number(vs('expire_nodest_conn')) !== 0) return []
    return [
      {
        severity: 'warning',
        object: 'expire_nodest_conn',
        message: 'clients of a realserver that leaves the table hang until their connections time out',
        evidence: [settings.text(vs('expire_nodest_conn'))],
        fixes: settings.fix(vs('expire_nodest_conn'), '1'),
      },
    ]
  },
}

const quiescentTemplate: Check = {
  name: 'quiescent-template',
  rows: [12],
  title: 'persistent clients still come to a realserver of weight 0',
  symptom: 'a drain never ends',
  why: 'a template of persistence counts more than the weight, unless expire_quiescent_template is 1',
  mend: 'net.ipv4.vs.expire_quiescent_template=1 while it drains; or lvsm stop in place of lvsm drain',
  look({ facts, part, settings }) {
    if (settings.number(vs('expire_quiescent_template')) !== 0) return []
    return servicesOf(facts).flatMap((service) =>
      service.persistenceSeconds === 0
        ? []
        : service.destinations
            .filter(({ weight }) => weight === 0)
            .map(
              (one): Seen => ({
                severity: part.node === null ? 'warning' : 'info',
                object: `${one.address}:${one.port}`,
                message: `clients that know ${one.address}:${one.port} are still sent there, although its weight is 0`,
                evidence: [
                  `ipvsadm -Ln: ${nameOf(service)} persistent ${service.persistenceSeconds}`,
                  settings.text(vs('expire_quiescent_template')),
                ],
              }),
            ),
    )
  },
}

const reuse: Check = {
  name: 'conn-reuse',
  rows: [13],
  title: 'a client port that comes again',
  symptom: 'one second until some connections begin; or connections to a realserver that is gone',
  why: 'conn_reuse_mode says what becomes of a SYN for a connection that is ending',
  mend: 'kernel 5.9 and later: net.ipv4.vs.conn_reuse_mode=1; before: a newer kernel, or conntrack=0',
  look({ facts, part, settings }) {
    const mode = settings.number(vs('conn_reuse_mode'))
    if (!part.director || facts.ipvs === null || mode === null) return []
    const old = isBefore(facts.kernel, 5, 9)
    const slow = old && mode === 1 && settings.number(vs('conntrack')) === 1
    if (mode !== 0 && !slow) return []
    return [
      {
        severity: 'warning',
        object: 'conn_reuse_mode',
        message: slow
          ? 'a client port that is used again waits for a second (kernel before 5.9, with conntrack)'
          : 'a client port that is used again may lead to a realserver that is gone',
        evidence: [settings.text(vs('conn_reuse_mode')), settings.text(vs('conntrack')), `kernel ${facts.kernel}`],
        fixes: slow || old ? [] : settings.fix(vs('conn_reuse_mode'), '1'),
      },
    ]
  },
}

/** Of what there is room for. */
const NEARLY_FULL = 0.8
const ESTABLISHED = 'net/netfilter/nf_conntrack_tcp_timeout_established'

const conntrack: Check = {
  name: 'conntrack',
  rows: [14],
  title: 'connection tracking beside IPVS',
  symptom: 'nf_conntrack: table full, dropping packet; or rules that never see what IPVS forwards',
  why: 'vs.conntrack=1 makes an entry for each connection, with timeouts of its own',
  mend: 'conntrack=0 where no rule needs it, NOTRACK for VIPs; else a larger nf_conntrack_max, and timeouts as those of IPVS',
  look({ facts, part, settings }) {
    if (!part.director) return []
    const found: Seen[] = []
    const [count, most] = [
      settings.number('net/netfilter/nf_conntrack_count'),
      settings.number('net/netfilter/nf_conntrack_max'),
    ]
    if (count !== null && most !== null && most > 0 && count > most * NEARLY_FULL)
      found.push({
        severity: 'critical',
        object: 'nf_conntrack',
        message: `the table of connection tracking is nearly full: ${count} of ${most}`,
        evidence: [settings.text('net/netfilter/nf_conntrack_count'), settings.text('net/netfilter/nf_conntrack_max')],
      })
    if (settings.number(vs('conntrack')) === 1 && servicesOf(facts).length > 0 && !forwards(facts, 'nat'))
      found.push({
        severity: 'info',
        object: 'vs.conntrack',
        message: 'IPVS keeps connection tracking up to date, and no service of this machine is by NAT',
        evidence: [settings.text(vs('conntrack'))],
      })
    const established = settings.number(ESTABLISHED)
    const ipvsSeconds = facts.ipvs?.tcpSeconds ?? 0
    if (settings.number(vs('conntrack')) === 1 && forwards(facts, 'nat') && (established ?? ipvsSeconds) < ipvsSeconds)
      found.push({
        severity: 'warning',
        object: 'nf_conntrack_tcp_timeout_established',
        message: `connection tracking forgets a silent connection after ${established} s, and IPVS after ${ipvsSeconds} s: between the two its next packet gets another source, and the connection ends`,
        evidence: [settings.text(ESTABLISHED), `ipvsadm -L --timeout: tcp ${ipvsSeconds}`],
        fixes: settings.fix(ESTABLISHED, String(ipvsSeconds)),
      })
    const halfSeen = servicesOf(facts).filter(
      ({ destinations }) =>
        destinations.length > 0 && destinations.every(({ forward }) => forward === 'dr' || forward === 'tun'),
    )
    const isKeptOut = facts.chains.some(({ table, chain }) => table === MARKS.rulesTable && chain === 'untracked')
    if (settings.number(vs('conntrack')) === 1 && forwards(facts, 'nat') && halfSeen.length > 0 && !isKeptOut)
      found.push({
        severity: 'warning',
        object: 'vs.conntrack',
        message: `connection tracking sees one half of what goes to ${halfSeen.map(nameOf).join(', ')}: a firewall that drops invalid packets breaks these connections`,
        evidence: [settings.text(vs('conntrack')), 'their answers do not pass this machine (DR, TUN)'],
        mend: 'no connection tracking for them: nft add rule … prerouting (priority raw) ip daddr VIP tcp dport PORT notrack',
      })
    return found
  },
}

const syncDaemons: Check = {
  name: 'sync-daemons',
  rows: [15],
  title: 'connection synchronisation tells too little, or too many',
  symptom: 'an empty standby; or two clusters that mix their connections',
  why: 'by default a connection is told of from its third packet on; a backup with sync id 0 takes those of every cluster',
  mend: 'a sync id of its own for each cluster, sync_threshold="0 0" with sync_refresh_period (lvsm does both)',
  look({ facts, settings }) {
    const daemons = facts.ipvs?.daemons ?? []
    const found: Seen[] = daemons
      .filter(({ state, syncId }) => state === 'backup' && syncId === 0)
      .map((one) => ({
        severity: 'warning',
        object: one.interface,
        message: 'the backup daemon takes the connections of every cluster',
        evidence: [`ipvsadm -L --daemon: backup on ${one.interface}, sync id 0`],
      }))
    const threshold = /^\s*(\d+)/.exec(facts.sysctls[vs('sync_threshold')] ?? '')?.[1]
    if (daemons.some(({ state }) => state === 'master') && threshold !== undefined && Number(threshold) >= 3)
      found.push({
        severity: 'warning',
        object: 'sync_threshold',
        message: `connections of fewer than ${threshold} packets are never told of: short HTTP ends in a failover`,
        evidence: [settings.text(vs('sync_threshold'))],
      })
    return found
  },
}

const failback: Check = {
  name: 'fail-back',
  rows: [16],
  title: 'an address goes back before connections are known there',
  symptom: 'established sessions are reset when the repaired director returns, although synchronisation is on',
  why: 'a director that has just started knows no connections, and preemption takes the address at once',
  mend: 'keepalived: state BACKUP and nopreempt on both; lvsm moves only when the successor knows',
  look({ facts }) {
    if ((facts.ipvs?.daemons.length ?? 0) === 0) return []
    const of = (pattern: RegExp) =>
      facts.lines.filter(({ path, text }) => /keepalived/.test(path) && pattern.test(text))
    const [instances, kept] = [of(/^\s*vrrp_instance\b/), of(/^\s*nopreempt\b/)]
    if (instances.length <= kept.length) return []
    return instances.slice(0, 1).map(({ path, number, text }) => ({
      severity: 'warning',
      object: path,
      message: 'keepalived takes an address back at once when it returns',
      evidence: [`${path}:${number}: ${text.trim()}, and ${kept.length} × nopreempt for ${instances.length} of them`],
    }))
  },
}

export const CONNECTION_CHECKS: readonly Check[] = [nodest, quiescentTemplate, reuse, conntrack, syncDaemons, failback]
