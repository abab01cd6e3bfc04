/**
 * What one machine is found to be, as `lvsm-examiner` tells `lvsm doctor`: one object of JSON, read from /proc, /sys and netlink in the
 * network namespace of the process, with no secret in it, so that it may be kept and looked at elsewhere. And what it is asked to change.
 */
import * as z from 'zod'
import { parseBounded } from '../json.ts'
import { obstacles } from './obstacles.ts'

/** UTF-16 units: a machine with a thousand services and ten thousand realservers has three million. */
const LONGEST_FACTS = 1 << 24

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const text = z.string()

const link = z.object({
  name: text,
  up: z.boolean(),
  /** Not there: an older examiner. */
  carrier: z.boolean().exactOptional(),
  loopback: z.boolean(),
  /** Does it ask and answer by ARP? */
  arp: z.boolean(),
  /** `dummy`, `ipip`, `bond`, …; empty for plain devices. */
  kind: text,
  mtu: z.number(),
})
const address = z.object({
  interface: text,
  address: text,
  prefix: z.number(),
  label: text,
  /** rtm_scope: 254 is `host`. */
  scope: z.number(),
  /** Of IPv6: never a source by itself; not usable yet; somebody else has it. */
  deprecated: z.boolean(),
  tentative: z.boolean(),
  dadFailed: z.boolean(),
})
/** Of the main table. */
const route = z.object({
  destination: text,
  prefix: z.number(),
  gateway: text.nullable(),
  interface: text,
  source: text.nullable(),
  metric: z.number(),
  /** MSS that it makes this machine offer; null: what the interface has room for. */
  mss: z.number().nullable(),
})
/** To one address that is this machine's own by a route alone, which somebody made. */
const localRoute = z.object({ interface: text, address: text })
/** Which way a packet of this machine to one address takes. */
const way = z.object({
  to: text,
  interface: text,
  gateway: text.nullable(),
  source: text.nullable(),
  /** It is one of its own addresses. */
  local: z.boolean(),
})
/** An answer of a service of this machine, to somebody who may be a client. */
const answer = z.object({
  from: text,
  /** IANA's number. */
  protocol: z.number(),
  port: z.number(),
  to: text,
})
const destination = z.object({
  address: text,
  port: z.number(),
  forward: z.enum(['nat', 'local', 'tun', 'dr', 'bypass']),
  weight: z.number(),
  active: z.number(),
  inactive: z.number(),
})
const service = z.object({
  /** Null: by firewall mark. */
  protocol: text.nullable(),
  /** Empty: by firewall mark, which stands in `port`. */
  address: text,
  port: z.number(),
  scheduler: text,
  /** Of the scheduler's own flags those that are set, from 1 on; not there: nobody looked. */
  flags: list(z.number()).exactOptional(),
  /** 0: not persistent. */
  persistenceSeconds: z.number(),
  onePacket: z.boolean(),
  destinations: list(destination),
})
const ipvs = z.object({
  services: list(service),
  /** Buckets of the connection table; 0: not known. */
  tableSize: z.number(),
  udpSeconds: z.number(),
  tcpSeconds: z.number(),
  daemons: list(z.object({ state: z.enum(['master', 'backup']), interface: text, syncId: z.number() })),
})

export const machineFacts = z.object({
  /** `6.1.0-28-amd64`. */
  kernel: text,
  links: list(link),
  addresses: list(address),
  routes: list(route),
  /** Not there: an older examiner. */
  localRoutes: list(localRoute).optional(),
  ways: list(way),
  /** Which way answers take that were asked for; null: none. Not there: nobody asked. */
  answers: list(answer.extend({ interface: text, gateway: text.nullable() })).optional(),
  /** By path below /proc/sys; what the kernel has not is not there. */
  sysctls: z.record(text, text),
  /** Nothing below /proc/sys can be written. */
  readOnly: z.boolean(),
  /** Loaded, or built in and with parameters. */
  modules: list(text),
  /** Null: this kernel has no IPVS now, or does not show it (`gaps`). */
  ipvs: ipvs.nullable(),
  /** Of this network namespace; `unit`: of systemd, empty where it has none. */
  processes: list(z.object({ pid: z.number(), name: text, words: text, unit: text })),
  /** Enabled at boot. */
  units: list(text),
  /** Lines of files that are looked for, and of no others. */
  lines: list(z.object({ path: text, number: z.number(), text })),
  counters: z.record(text, z.number()),
  /** Offloads that are on, by interface, as ethtool calls them. */
  offloads: z.record(text, list(text)),
  /** Where programs listen. */
  listeners: list(
    z.object({
      protocol: z.enum(['tcp', 'udp']),
      address: text,
      port: z.number(),
      /** Of lvsm, which has it open; not there: another one, or it could not be seen. */
      program: text.exactOptional(),
    }),
  ),
  /** Of nf_tables. */
  chains: list(z.object({ family: text, table: text, chain: text, hook: z.number().nullable(), policy: text })),
  ...obstacles,
  /** What could not be looked at, and why. */
  gaps: list(z.object({ what: text, why: text })),
})
export type MachineFacts = z.infer<typeof machineFacts>
export type FactService = z.infer<typeof service>
export type AskedAnswer = z.infer<typeof answer>
export type FactAddress = z.infer<typeof address>

/** A change that `lvsm doctor --fix` makes: of what it found, to what is right. */
const fix = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sysctl'), path: text, value: text, was: text }),
  /** The same address with the prefix of a host: that comes before the former goes. */
  z.object({ kind: z.literal('address'), interface: text, address: text, prefix: z.number(), was: z.number() }),
  z.object({ kind: z.literal('module'), name: text }),
])
export type Fix = z.infer<typeof fix>

const order = z.discriminatedUnion('kind', [
  /** `towards`: addresses beside those of its IPVS table whose way is wanted; `answers`: likewise. */
  z.object({ kind: z.literal('look'), towards: list(text), answers: list(answer).optional() }),
  z.object({ kind: z.literal('change'), fixes: list(fix) }),
])
export type ExaminerOrder = z.infer<typeof order>
const changed = z.object({ failures: list(text.nullable()) })

export const readExaminerOrder = (encoded: string): ExaminerOrder | null =>
  order.safeParse(parseBounded(encoded, LONGEST_FACTS)).data ?? null
export const readMachineFacts = (encoded: string): MachineFacts | null =>
  machineFacts.safeParse(parseBounded(encoded, LONGEST_FACTS)).data ?? null
/** What became of each change, in their order: null is done. */
export const readChanged = (encoded: string): readonly (string | null)[] | null =>
  changed.safeParse(parseBounded(encoded, LONGEST_FACTS)).data?.failures ?? null
