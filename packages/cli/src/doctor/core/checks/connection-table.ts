/** Settings of IPVS about its table of connections, and what it counts of them (rows 17, 30, 50). */
import type { Check } from '../check.ts'
import { nameOf, servicesOf } from '../table-facts.ts'

const vs = (key: string): string => `net/ipv4/vs/${key}`

const sloppy: Check = {
  name: 'sloppy',
  rows: [17],
  title: 'after a failover packets of unknown connections are refused',
  symptom: 'sessions are reset in a failover, although the scheduler would have found the same realserver',
  why: 'IPVS begins a TCP connection with a SYN only, unless sloppy_tcp is 1',
  mend: 'net.ipv4.vs.sloppy_tcp=1 (and sloppy_sctp) with mh or sh and without synchronisation',
  look({ facts, settings }) {
    if (settings.number(vs('sloppy_tcp')) !== 0 || (facts.ipvs?.daemons.length ?? 0) > 0) return []
    return servicesOf(facts)
      .filter(({ scheduler }) => scheduler === 'mh' || scheduler === 'sh')
      .map((service) => ({
        severity: 'info',
        object: nameOf(service),
        message: `another director would send the same client to the same realserver (${service.scheduler}), and refuses its established connections`,
        evidence: [settings.text(vs('sloppy_tcp')), 'ipvsadm -L --daemon: none'],
      }))
  },
}

const estimation: Check = {
  name: 'run-estimation',
  rows: [50],
  title: 'the kernel estimates no rates',
  symptom: 'ipvsadm --rate and all that reads it tell 0 of everything, while clients are served',
  why: 'with run_estimation=0 IPVS goes on counting, and makes no rates of it',
  mend: 'net.ipv4.vs.run_estimation=1 (a director of lvsm does it by itself); totals are right either way',
  look({ facts, part, settings }) {
    if (!part.director || facts.ipvs === null || settings.number(vs('run_estimation')) !== 0) return []
    return [
      {
        severity: 'warning',
        object: 'run_estimation',
        message: 'every rate of IPVS on this machine reads 0, whatever it forwards',
        evidence: [settings.text(vs('run_estimation'))],
        fixes: settings.fix(vs('run_estimation'), '1'),
      },
    ]
  },
}

/** Connections in one bucket, on average. */
const LONG_CHAIN = 8

const tableSize: Check = {
  name: 'conn-table',
  rows: [30],
  title: 'the connection table is small',
  symptom: 'the processor is busy in ip_vs_conn_in_get with many connections',
  why: 'it has a fixed number of buckets, and each packet walks one of them (kernels before 7.0)',
  mend: 'options ip_vs conn_tab_bits=20 in /etc/modprobe.d/lvsm.conf; it counts when the module is loaded',
  look({ facts }) {
    const size = facts.ipvs?.tableSize ?? 0
    const count = servicesOf(facts)
      .flatMap(({ destinations }) => destinations)
      .reduce((sum, { active, inactive }) => sum + active + inactive, 0)
    if (size === 0 || count <= size * LONG_CHAIN) return []
    return [
      {
        severity: 'warning',
        object: 'conn_tab_bits',
        message: `${count} connections in a table of ${size} buckets: ${Math.round(count / size)} in each`,
        evidence: [`IPVS: size=${size}`, `ipvsadm -Ln: ${count} connections`],
      },
    ]
  },
}

export const CONNECTION_TABLE_CHECKS: readonly Check[] = [sloppy, estimation, tableSize]
