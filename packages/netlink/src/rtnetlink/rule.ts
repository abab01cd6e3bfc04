/** Rules of policy routing (`ip rule`): RTM_NEWRULE, DELRULE, GETRULE (linux/fib_rules.h). */
import type { Closing } from '@lvsm/base'
import { Attributes, attribute, u8, u32 } from '../attributes.ts'
import { type Decoded, decoding, need, viewOf } from '../bytes.ts'
import { AF, afOf, formatInet, inetBytes } from '../inet.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { CLOSINGS, RTM } from './types.ts'

const FRA = {
  destination: 1,
  source: 2,
  iif: 3,
  priority: 6,
  mark: 10,
  table: 15,
  oif: 17,
  protocol: 21,
  ipProtocol: 22,
  sourcePorts: 23,
  destinationPorts: 24,
} as const
const ACTION_TABLE = 1

/** Of IPv6: it is looked whether a packet without a source would get this one (FIB_RULE_FIND_SADDR). */
export const FIND_SOURCE = 0x1_00_00

export interface RulePorts {
  readonly from: number
  readonly to: number
}
export interface Rule {
  /** AF. */
  readonly family: number
  /** Lower counts first; main has 32766. */
  readonly priority: number
  /** To which it leads; 0: it does something else. */
  readonly table: number
  /** What it does in place of that: it leads nowhere; not there: something else. */
  readonly closes?: Closing
  /** PROTOCOL: who made it (Linux 4.17). */
  readonly protocol: number
  readonly source?: string
  readonly sourcePrefix: number
  readonly destination?: string
  readonly destinationPrefix: number
  /** IANA's number (Linux 4.17, like ports). */
  readonly ipProtocol?: number
  readonly sourcePorts?: RulePorts
  readonly flags: number
  /** It asks for more than this: an interface, a mark, ports of the other end. */
  readonly more: boolean
}
export interface RuleSpec extends Pick<Rule, 'priority' | 'table' | 'protocol' | 'ipProtocol' | 'sourcePorts'> {
  /** `0.0.0.0`: packets that have no source yet. */
  readonly source: string
  readonly flags?: number
}

const ports = (type: number, { from, to }: RulePorts): Uint8Array => {
  const bytes = new Uint8Array(4)
  const view = viewOf(bytes)
  view.setUint16(0, from, true)
  view.setUint16(2, to, true)
  return attribute(type, bytes)
}

function encodeRule(type: number, flags: number, spec: RuleSpec): Uint8Array {
  const source = inetBytes(spec.source)
  const header = new Uint8Array(12)
  header.set([afOf(spec.source), 0, source.length * 8, 0, 0, 0, 0, ACTION_TABLE])
  viewOf(header).setUint32(8, spec.flags ?? 0, true)
  return encodeMessage(type, FLAG.request | FLAG.ack | flags, [
    header,
    attribute(FRA.source, source),
    u32(FRA.priority, spec.priority),
    u32(FRA.table, spec.table),
    u8(FRA.protocol, spec.protocol),
    ...(spec.ipProtocol === undefined ? [] : [u8(FRA.ipProtocol, spec.ipProtocol)]),
    ...(spec.sourcePorts === undefined ? [] : [ports(FRA.sourcePorts, spec.sourcePorts)]),
  ])
}

/** EEXIST when the same is there. */
export const newRule = (spec: RuleSpec): Uint8Array => encodeRule(RTM.newRule, FLAG.create | FLAG.exclusive, spec)
/** Deletes the first that matches everything given. ENOENT when none does. */
export const deleteRule = (spec: RuleSpec): Uint8Array => encodeRule(RTM.deleteRule, 0, spec)
/** EAFNOSUPPORT where the kernel has no such family, EOPNOTSUPP where it has no rules. */
export const dumpRules = (family: number = AF.inet): Uint8Array => {
  const header = new Uint8Array(12)
  header[0] = family
  return encodeMessage(RTM.getRule, FLAG.request | FLAG.dump, [header])
}

const readPorts = (bytes: Uint8Array | undefined): RulePorts | undefined => {
  if (!bytes) return undefined
  const view = viewOf(need(bytes, 4, 'fib_rule_port_range'))
  return { from: view.getUint16(0, true), to: view.getUint16(2, true) }
}

export function decodeRule(message: Message): Decoded<Rule> {
  return decoding('rule', () => {
    const fixed = need(message.payload, 12, 'fib_rule_hdr')
    const at = (offset: number): number => fixed[offset] ?? 0
    const attributes = new Attributes(message.payload.subarray(12))
    const address = (type: number): string | undefined => {
      const bytes = attributes.bytes(type)
      return bytes ? formatInet(bytes) : undefined
    }
    const [source, destination] = [address(FRA.source), address(FRA.destination)]
    const ipProtocol = attributes.u8(FRA.ipProtocol)
    const sourcePorts = readPorts(attributes.bytes(FRA.sourcePorts))
    const closes = CLOSINGS[at(7)]
    const others = [FRA.iif, FRA.oif, FRA.mark, FRA.destinationPorts]
    return {
      family: at(0),
      destinationPrefix: at(1),
      sourcePrefix: at(2),
      ...(source === undefined ? {} : { source }),
      ...(destination === undefined ? {} : { destination }),
      priority: attributes.u32(FRA.priority) ?? 0,
      table: at(7) === ACTION_TABLE ? (attributes.u32(FRA.table) ?? at(4)) : 0,
      ...(closes === undefined ? {} : { closes }),
      protocol: attributes.u8(FRA.protocol) ?? 0,
      ...(ipProtocol === undefined ? {} : { ipProtocol }),
      ...(sourcePorts === undefined ? {} : { sourcePorts }),
      flags: viewOf(fixed).getUint32(8, true),
      more: others.some((type) => attributes.bytes(type) !== undefined),
    }
  })
}
