/** Who else writes the tables of this machine (rows 36 and 37). */
import type { Check, Seen, Site } from '../check.ts'

interface Rival {
  /** As the kernel has it: at most 15 characters. */
  readonly process: string
  /** What else its command line has to say. */
  readonly words?: RegExp
  readonly unit: string
  readonly writes: string
  /** In a machine without it somebody may be missed: what to do instead of stopping it. */
  readonly instead: string
}

const STOP = 'systemctl disable --now UNIT, once its configuration is in lvsm'

export const RIVALS: readonly Rival[] = [
  { process: 'keepalived', unit: 'keepalived.service', writes: 'IPVS services and VIPs', instead: STOP },
  { process: 'ldirectord', unit: 'ldirectord.service', writes: 'IPVS destinations', instead: STOP },
  { process: 'pulse', unit: 'pulse.service', writes: 'IPVS services and VIPs (Piranha)', instead: STOP },
  { process: 'nanny', unit: 'pulse.service', writes: 'weights of IPVS destinations (Piranha)', instead: STOP },
  { process: 'lvsd', unit: 'pulse.service', writes: 'IPVS services (Piranha)', instead: STOP },
  { process: 'heartbeat', unit: 'heartbeat.service', writes: 'VIPs (IPaddr2)', instead: STOP },
  {
    process: 'pacemakerd',
    unit: 'pacemaker.service',
    writes: 'VIPs (IPaddr2) and ldirectord',
    instead: 'pcs resource disable what is a VIP of lvsm: the cluster may have others',
  },
  { process: 'seesaw_ha', unit: 'seesaw_watchdog.service', writes: 'IPVS services and VIPs', instead: STOP },
  { process: 'gorb', unit: 'gorb.service', writes: 'IPVS services', instead: STOP },
  { process: 'surealived', unit: 'surealived.service', writes: 'weights of IPVS destinations', instead: STOP },
  {
    process: 'kube-proxy',
    words: /--proxy-mode[= ]ipvs|ipvs/,
    unit: 'kubelet.service',
    writes: 'the whole IPVS table of its services',
    instead: 'run kube-proxy in the mode iptables or nftables on directors',
  },
  {
    process: 'kube-router',
    unit: 'kube-router.service',
    writes: 'IPVS services',
    instead: 'start it with --run-service-proxy=false on directors',
  },
  {
    process: 'dockerd',
    unit: 'docker.service',
    writes: 'the FORWARD policy, and IPVS in namespaces of its own (swarm)',
    instead: 'accept what NAT forwards in the chain DOCKER-USER',
  },
]

/** Restore a table, and clear what is there before. */
const RESTORING = ['ipvsadm.service', 'ipvsadm-restore.service']

const NOTHING_TO_FIGHT: ReadonlySet<string> = new Set(['dockerd'])

const isConcerned = ({ part }: Site): boolean => part.director || part.aliases.length > 0

const rivals: Check = {
  name: 'rivals',
  rows: [36],
  title: 'two writers of one table',
  symptom: 'services, weights or addresses come and go; each repairs what the other did',
  why: 'IPVS and addresses have no owner: whoever writes last is right',
  mend: 'let one of them do it',
  look(site) {
    const { facts } = site
    if (!isConcerned(site)) return []
    const running = RIVALS.flatMap((rival): Seen[] =>
      facts.processes
        .filter(({ name, words }) => name === rival.process && (rival.words?.test(words) ?? true))
        .slice(0, 1)
        .map(({ pid, words, unit }) => ({
          severity: NOTHING_TO_FIGHT.has(rival.process) ? 'info' : 'warning',
          object: rival.process,
          message: `${rival.process} runs here, and writes ${rival.writes}`,
          evidence: [`process ${pid}: ${words}`, ...(unit === '' ? [] : [`unit ${unit}`])],
          mend: rival.instead.replace('UNIT', unit === '' ? rival.unit : unit),
        })),
    )
    const known = new Set(running.flatMap(({ evidence }) => evidence))
    const waiting = RIVALS.filter(
      ({ unit, process }) =>
        !running.some(({ object }) => object === process) && facts.units.includes(unit) && !known.has(`unit ${unit}`),
    )
    const atBoot = [
      ...new Set(waiting.filter(({ process }) => !NOTHING_TO_FIGHT.has(process)).map(({ unit }) => unit)),
    ].filter((unit) => unit !== 'kubelet.service')
    return [
      ...running,
      ...atBoot.map(
        (unit): Seen => ({
          ...{ severity: 'warning', atBoot: true, object: unit },
          message: `${unit} does not run now, and is started at the next boot`,
          evidence: [`systemctl is-enabled ${unit}: enabled`],
          mend: `systemctl disable ${unit}`,
        }),
      ),
    ]
  },
}

const restores: Check = {
  name: 'ipvsadm-restores',
  rows: [36],
  title: 'a unit restores the IPVS table at boot',
  symptom: 'after a reboot there are services that nobody configured, and what was there is gone',
  why: 'ipvsadm --restore adds, and the unit of some distributions clears the table first and when it stops',
  mend: 'systemctl disable ipvsadm.service; Debian: AUTO="false" in /etc/default/ipvsadm',
  look(site) {
    const { facts } = site
    if (!isConcerned(site)) return []
    const auto = facts.lines.find(
      ({ path, text }) => path === '/etc/default/ipvsadm' && /^\s*AUTO\s*=\s*"?(true|yes)/i.test(text),
    )
    const off = facts.lines.some(
      ({ path, text }) => path === '/etc/default/ipvsadm' && /^\s*AUTO\s*=\s*"?(false|no)/i.test(text),
    )
    const found = RESTORING.filter((unit) => facts.units.includes(unit))
    if (auto)
      return [
        {
          ...{ severity: 'warning', atBoot: true, object: 'ipvsadm.service' },
          message: 'the IPVS table is restored from a file at boot',
          evidence: [`${auto.path}:${auto.number}: ${auto.text.trim()}`],
        },
      ]
    return off
      ? []
      : found.map((unit) => ({
          ...{ severity: 'warning', atBoot: true, object: unit },
          message: `${unit} writes the IPVS table at boot, and clears it when it stops`,
          evidence: [`systemctl is-enabled ${unit}: enabled`],
        }))
  },
}

const flushes: Check = {
  name: 'nft-flush',
  rows: [37],
  title: 'a firewall throws all rules of the machine away',
  symptom: 'fence and NAT rules are gone after a reload; lvsm puts them back at once, and until then packets pass',
  why: '"flush ruleset" takes every table, whoever made it',
  mend: 'in that file: flush the table that it makes itself, e.g. "table inet filter" and "delete table inet filter"',
  look(site) {
    const { facts } = site
    const files = facts.lines.filter(({ text }) => /^[^#]*\bflush\s+ruleset\b/.test(text))
    if (!isConcerned(site) && site.part.gateways.length === 0 && site.part.led.length === 0) return []
    const enabled = facts.units.includes('nftables.service')
    return [
      ...files.map(
        ({ path, number, text }): Seen => ({
          severity: enabled ? 'warning' : 'info',
          object: path,
          message: `${path} throws every rule of this machine away${enabled ? ' at boot and at each reload of nftables.service' : ', whenever somebody loads it'}`,
          evidence: [`${path}:${number}: ${text.trim()}`, `nftables.service is ${enabled ? '' : 'not '}enabled`],
        }),
      ),
      ...['firewalld', 'ufw'].flatMap((name): Seen[] => {
        const found = facts.processes.find((one) => one.name === name || one.words.includes(`/${name}`))
        const enabledUnit = facts.units.includes(`${name}.service`)
        if (!found && !enabledUnit) return []
        return [
          {
            severity: 'info',
            object: name,
            message: `${name} keeps a firewall here: it must let pass what clients ask of VIPs, and what directors say to each other`,
            evidence: found ? [`process ${found.pid}: ${found.words}`] : [`systemctl is-enabled ${name}: enabled`],
            mend: `open the ports of the services and of the heartbeat in ${name}`,
          },
        ]
      }),
    ]
  },
}

export const RIVAL_CHECKS: readonly Check[] = [rivals, restores, flushes]
