/** Facts of a machine of what stands in the way of packets and of programs. All of it came later: an older examiner says nothing of it. */
import * as z from 'zod'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const text = z.string()

/** A queueing discipline that plants delay or loss (`tc qdisc`). */
const netem = z.object({
  interface: text,
  parent: text,
  delayMs: z.number(),
  jitterMs: z.number(),
  /** 0 to 1; null: by a model of its own. */
  loss: z.number().nullable(),
  corrupt: z.number(),
})
/** A route that leads nowhere, of any table. */
const closed = z.object({
  destination: text,
  prefix: z.number(),
  type: z.enum(['blackhole', 'unreachable', 'prohibit']),
  table: z.number(),
})
/** A rule of policy routing: `some` of what goes there, or all of it. Came later. */
const wayRule = z.object({
  priority: z.number(),
  table: z.number(),
  closes: z.enum(['blackhole', 'unreachable', 'prohibit']).nullable(),
  destination: text.nullable(),
  prefix: z.number(),
  family: z.enum(['ipv4', 'ipv6']),
  some: z.boolean(),
  /** Came later. */
  source: text.nullable().exactOptional(),
  sourcePrefix: z.number().exactOptional(),
})
/** A permanent entry of the neighbour table. */
const fixedNeighbour = z.object({ interface: text, address: text, mac: text.nullable() })
/** What a rule asks of packets; beside what is named here: `more`. */
const named = {
  source: text.exactOptional(),
  destination: text.exactOptional(),
  /** IANA's number. */
  protocol: z.number().exactOptional(),
  sourcePort: z.number().exactOptional(),
  port: z.number().exactOptional(),
  /** Of one family alone, in a table of both. Came later. */
  only: z.enum(['ip', 'ip6']).exactOptional(),
  /** Whatever address of this machine it is for. Came later. */
  local: z.literal(true).exactOptional(),
  /** Not what comes in by this interface. Came later. */
  notBy: text.exactOptional(),
  more: z.boolean(),
}
const accepted = z.object({ ...named, late: z.literal(true).exactOptional() })
/** A rule of a packet filter that drops. */
const dropRule = z.object({
  ...named,
  family: text,
  table: text,
  chain: text,
  /** Null: a chain that others jump to. */
  hook: z.number().nullable(),
  handle: z.number(),
  /** The chain by which it is reached, where that is another one; what its jump asks for is named with the rest. Came later. */
  from: text.exactOptional(),
  /** The set that has what is named. Came later. */
  set: text.exactOptional(),
  /** A rule before it accepts what it names, at least of some: it is the end of a list. Came later. */
  behind: z.boolean().exactOptional(),
  /** What these accept. Came later. */
  lets: list(accepted).exactOptional(),
  /** Its chain comes after IPVS, at the hook of what is for this machine. Came later. */
  afterIpvs: z.boolean().exactOptional(),
  /** It answers that it takes nothing (reject). Came later. */
  refuses: z.boolean().exactOptional(),
  /** It sends it to another address, port or program. Came later. */
  takes: z.boolean().exactOptional(),
  /** Where that is. Came later. */
  to: z
    .object({ address: text.exactOptional(), port: z.number().exactOptional(), self: z.literal(true).exactOptional() })
    .exactOptional(),
  /** It drops all that none of these lets in before it. Came later. */
  accepts: list(accepted).exactOptional(),
  /** Of what comes in by this interface alone. Came later. */
  by: text.exactOptional(),
  /** It is no rule: the policy of its chain. Came later. */
  policy: z.literal(true).exactOptional(),
  /** Null: nobody counts. */
  packets: z.number().nullable(),
})
export const dropRules = list(dropRule)
/** A program that was stopped (state T), with the ports of TCP and UDP where it listens. */
const stopped = z.object({ pid: z.number(), name: text, unit: text, ports: list(z.number()) })
const disk = z.object({ path: text, freeBytes: z.number(), freeFiles: z.number().nullable(), readOnly: z.boolean() })
/** What the control group of a unit of lvsm holds back. */
const held = z.object({ unit: text, frozen: z.boolean(), cpuPercent: z.number().nullable() })

export const obstacles = {
  netem: list(netem).optional(),
  closed: list(closed).optional(),
  wayRules: list(wayRule).optional(),
  /** Addresses that a way was asked to, and the kernel has none; its answer by name, which came later. */
  wayless: list(z.object({ to: text, why: text, code: text.exactOptional() })).optional(),
  fixedNeighbours: list(fixedNeighbour).optional(),
  dropRules: dropRules.optional(),
  stopped: list(stopped).optional(),
  disks: list(disk).optional(),
  held: list(held).optional(),
}
export type FactDropRule = z.infer<typeof dropRule>
