/** What `lvsm doctor -o json` prints. */
import * as z from 'zod'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const text = z.string()

const finding = z.object({
  /** Name of the check: `lvsm doctor explain NAME`. */
  check: text,
  /** `info`: worth knowing, and no reason for an exit code of its own. */
  severity: z.enum(['info', 'warning', 'critical']),
  /** What it is about: `eth0`, `10.11.0.50`, a service. */
  object: text,
  message: text,
  /** What was read, and where. */
  evidence: list(text),
  /** The next step. */
  mend: text,
  /** What `--fix` does about it, one line for each change; empty: nothing that is safe. */
  fixes: list(text),
})
export type Finding = z.infer<typeof finding>

/** As the agent that runs here tells it in its status. */
const told = z.object({
  code: text,
  severity: z.enum(['warning', 'critical']),
  message: text,
  evidence: text.exactOptional(),
  hint: text.exactOptional(),
})
export type ToldByAgent = z.infer<typeof told>

export const doctorReport = z.object({
  /** Null: outside any cluster. */
  node: text.nullable(),
  kernel: text,
  /** What the machine was taken for. */
  part: z.object({
    director: z.boolean(),
    /** Addresses that clients ask here, and those that it has as a realserver. */
    vips: list(text),
    aliases: list(text),
    tunnelled: z.boolean(),
    /** NAT gateways that must be its default routes, one of each family at most. */
    gateways: list(text),
  }),
  /** How many checks there were. */
  checks: z.number(),
  findings: list(finding),
  /** Troubles that the agent of this machine tells of it, and no check found: what shows over time alone, as a fight does. Null: none was asked, or none answered. */
  agent: list(told).nullable(),
  /** What could not be looked at, and why. */
  gaps: list(z.object({ what: text, why: text })),
  /** By `--fix`, before the findings above were made. */
  fixed: list(z.object({ what: text, was: text, is: text, failed: text.nullable() })),
})
export type DoctorReport = z.infer<typeof doctorReport>
