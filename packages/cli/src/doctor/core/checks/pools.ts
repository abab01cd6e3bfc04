/** Who serves, as far as the table of IPVS shows it (rows 24 to 26, 39). */
import type { Check, Seen } from '../check.ts'
import { aliasesOf } from '../part.ts'
import { nameOf, servicesOf } from '../table-facts.ts'

const startOrder: Check = {
  name: 'vip-without-service',
  rows: [24],
  title: 'a VIP is here, and nothing is behind it',
  symptom: 'clients are refused (RST) while the address is up and the table is not there yet, or not any more',
  why: 'settings, then the table, then the VIP, then ARP; and back in reverse',
  mend: 'look why the table is empty (lvsm status; ipvsadm -Ln), and take the VIP away until it stands',
  look({ facts, part }) {
    const served = new Set(servicesOf(facts).map(({ address }) => address))
    const marks = servicesOf(facts).some(({ protocol }) => protocol === null)
    const silent = aliasesOf(facts)
    if (!part.director || marks) return []
    return (
      facts.addresses
        .filter((one) => part.vips.includes(one.address) && !served.has(one.address) && !silent.includes(one))
        // One without a service in the configuration is kept for what its owner runs itself.
        .filter(({ address }) => part.serving?.has(address) !== false)
        .map((one) => ({
          severity: 'critical',
          object: one.address,
          message: `the VIP ${one.address} is up on ${one.interface}, and IPVS has no service for it`,
          evidence: [`ip address: ${one.address}/${one.prefix} on ${one.interface}`, 'ipvsadm -Ln does not name it'],
        }))
    )
  },
}

const emptyPool: Check = {
  name: 'empty-pool',
  rows: [25],
  title: 'a service has nobody to serve it',
  symptom: 'every client is refused, often because one wrong check took all realservers out',
  why: 'IPVS refuses where no destination has a weight',
  mend: 'look why each is out (lvsm status); keep-last keeps the last one in, a backup (sorry server) serves meanwhile',
  look({ facts }) {
    return servicesOf(facts)
      .filter(({ destinations }) => !destinations.some(({ weight }) => weight > 0))
      .map((service) => ({
        severity: 'critical',
        object: nameOf(service),
        message: `${nameOf(service)} has no destination with a weight`,
        evidence: service.destinations
          .map(({ address, port }) => `${address}:${port} weight 0`)
          .concat(service.destinations.length === 0 ? ['no destinations at all'] : []),
      }))
  },
}

/** Of others, so that it is an exception and not the night. */
const BUSY = 100

const newServer: Check = {
  name: 'new-server-flood',
  rows: [26],
  title: 'a realserver that came back gets every new connection',
  symptom: 'it falls over as soon as it is back',
  why: 'lc and wlc send to whoever has fewest connections',
  mend: 'raise its weight slowly (lvsm: slow-start), or use rr or wrr',
  look({ facts }) {
    return servicesOf(facts)
      .filter(({ scheduler }) => ['lc', 'wlc', 'sed', 'nq'].includes(scheduler))
      .flatMap((service): Seen[] => {
        const serving = service.destinations.filter(({ weight }) => weight > 0)
        const count = ({ active, inactive }: (typeof serving)[number]): number => active + inactive
        const most = Math.max(0, ...serving.map(count))
        const fresh = serving.filter((one) => count(one) * 20 < most)
        if (most < BUSY || fresh.length === 0) return []
        return fresh.map((one) => ({
          severity: 'info',
          object: `${one.address}:${one.port}`,
          message: `${one.address}:${one.port} has ${count(one)} connections where another has ${most}, and gets the next ${most - count(one)} alone (${service.scheduler})`,
          evidence: [`ipvsadm -Ln: ${nameOf(service)} ${service.scheduler}`],
        }))
      })
  },
}

const closedWhileDrained: Check = {
  name: 'drain-cut-off',
  rows: [39],
  title: 'a realserver that is to drain is taken out instead',
  symptom: 'what is under way is cut off as soon as its server closes the port for new connections',
  why: 'a check that fails removes it, and removal ends its connections (expire_nodest_conn)',
  mend: 'keep it at weight 0 until it is empty: lvsm drain; ldirectord: quiescent = yes; keepalived: inhibit_on_failure',
  look({ facts }) {
    return facts.lines
      .filter(({ path, text }) => /ldirectord/.test(path) && /^\s*quiescent\s*=\s*no\b/.test(text))
      .map(({ path, number, text }) => ({
        severity: 'warning',
        object: path,
        message: 'ldirectord removes a realserver whose check fails, also one that is to finish what it has',
        evidence: [`${path}:${number}: ${text.trim()}`],
      }))
  },
}

export const POOL_CHECKS: readonly Check[] = [startOrder, emptyPool, newServer, closedWhileDrained]
