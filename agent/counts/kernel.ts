/** What the kernel of this network namespace counts. Nothing is changed here. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import { type Message, ipvs } from '@lvsm/netlink'
import { isCheckMark, serviceKey } from '@lvsm/model'
import type { ServiceReading } from './stats.ts'

const CONNECTIONS = '/proc/net/ip_vs_conn'
const TOTALS = '/proc/net/ip_vs_stats'
const ESTIMATION = '/proc/sys/net/ipv4/vs/run_estimation'
const CHUNK = 1 << 16
/** No line is as long: its rest is not read. */
const LONGEST_LINE = 4096
/** Of netlink's number: a mark's family. */
const IPV6 = 10

export class KernelCounts {
  #socket: Netlink | null = null
  #family: number | null = null

  /**
   * Every service with its destinations (`withDestinations` false: without, which costs little); null where the kernel has no IPVS.
   * Throws what the kernel says.
   */
  services(withDestinations = true): ServiceReading[] | null {
    this.#socket ??= openNetlink(NETLINK.generic)
    const socket = this.#socket
    const family = this.#number(socket)
    if (family === null) return null
    try {
      return socket
        .dump(ipvs.dumpServices(family))
        .flatMap((message) => readingOf(socket, family, message, withDestinations))
    } catch (error) {
      this.#family = null
      if (error instanceof KernelError && error.code === 'ENOENT') return null
      throw error
    }
  }

  /** Asked again until the module is there. */
  #number(socket: Netlink): number | null {
    if (this.#family !== null) return this.#family
    const [reply] = socket.request([ipvs.getFamily(ipvs.FAMILY)])
    const decoded = reply?.errno === 0 && reply.data[0] ? ipvs.decodeFamily(reply.data[0]) : null
    this.#family = decoded?.ok ? decoded.value : null
    return this.#family
  }
}

export function readingOf(
  socket: Pick<Netlink, 'dump'>,
  family: number,
  message: Message,
  isWhole: boolean,
): ServiceReading[] {
  const decoded = ipvs.decodeService(message)
  if (!decoded.ok) return []
  const { name, stats } = decoded.value
  // For checks: no service of anybody.
  if (name.kind === 'mark' && isCheckMark(name.mark)) return []
  if (!isWhole) return [{ key: keyOf(name), stats, destinations: [] }]
  const destinations = socket.dump(ipvs.dumpDestinations(family, name)).flatMap((one) => {
    const read = ipvs.decodeDestination(one)
    return read.ok ? [read.value] : []
  })
  return [{ key: keyOf(name), stats, destinations }]
}
const keyOf = (name: ipvs.ServiceName): string =>
  name.kind === 'mark'
    ? serviceKey({ fwmark: name.mark, family: name.family === IPV6 ? 'ipv6' : 'ipv4' })
    : serviceKey(name)

export interface LinesRead {
  /** Is the file there? */
  readonly there: boolean
  /** False: the time was over first. */
  readonly whole: boolean
}

/**
 * Each connection's line, for `patienceMs` at most by `clock`: the kernel begins at the front of its table for each piece that it gives, so
 * that reading takes longer than the table is long.
 */
export function readConnections(
  take: (line: string) => void,
  clock: () => number,
  patienceMs: number,
  path = CONNECTIONS,
): LinesRead {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return { there: false, whole: true }
  }
  try {
    const until = clock() + patienceMs
    const chunk = Buffer.alloc(CHUNK)
    let rest = ''
    for (let first = true; ; ) {
      const length = readSync(file, chunk, 0, CHUNK, null)
      if (length === 0) return { there: true, whole: true }
      const lines = (rest + chunk.toString('latin1', 0, length)).split('\n')
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
      for (const line of lines) {
        if (!first) take(line)
        first = false
      }
      if (clock() > until) return { there: true, whole: false }
    }
  } finally {
    closeSync(file)
  }
}

/** False: IPVS counts, and makes no rates of it. Kernels without the setting always do. */
export function estimatesRates(path = ESTIMATION): boolean {
  try {
    return readFileSync(path, 'latin1').trim() !== '0'
  } catch {
    return true
  }
}

/** Of all services since the kernel has IPVS; null where it has none. */
export function readTotals(path = TOTALS): ipvs.Totals | null {
  try {
    const decoded = ipvs.decodeTotals(readFileSync(path, 'latin1'))
    return decoded.ok ? decoded.value : null
  } catch {
    return null
  }
}
