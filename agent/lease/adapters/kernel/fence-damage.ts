/**
 * What somebody did to the fence's tables, or to those in front of the heartbeat ports. The kernel is asked for what was put there, and its answer must be the same:
 * the tables awake, their hooks where they were, each rule and each entry of the maps. And no open element that is none
 * of ours: one without a timeout, or with more of it than was ever asked for, opens a group without a lease.
 */
import { type Netlink, KernelError, type Reply } from '@lvsm/kernel'
import { type Decoded, type Message, nftables, readMessages } from '@lvsm/netlink'

/** What the kernel would say of tables that were made by these messages. */
export interface Tables {
  readonly tables: readonly nftables.Table[]
  readonly hooks: readonly nftables.Chain[]
  /** In their order. */
  readonly rules: readonly string[]
  /** And sets that only we fill: what opens a group, or is made by a rule, comes and goes. */
  readonly maps: readonly nftables.SetName[]
  /** Of all maps. */
  readonly entries: readonly string[]
}
/** An element that may be there, for no longer than this; 0 where it may not. */
export interface Opening {
  readonly name: nftables.SetName
  readonly key: Uint8Array
  readonly longestMs: number
}

/** The kernel counts in ticks of up to 10 ms, and may say one more. */
const TICK_MS = 10
const ENOENT = 2

export function tablesOf(messages: readonly Uint8Array[]): Tables {
  const events = messages
    .flatMap((message) => readMessages(message).messages)
    .map((message) => must(nftables.decodeEvent(message)))
  const made = <Kind extends nftables.NftEvent['kind']>(kind: Kind) =>
    events.filter((event): event is Extract<nftables.NftEvent, { kind: Kind }> => event.kind === kind)
  return {
    // Each is deleted and made anew, or deleted.
    tables: [...new Map(made('table').map((event) => [event.table.family, event])).values()].flatMap(
      ({ change, table }) => (change === 'new' ? [table] : []),
    ),
    hooks: made('chain').flatMap(({ chain }) => (chain.hook ? [chain] : [])),
    rules: made('rule').map(({ rule }) => ruleText(rule)),
    maps: made('set').flatMap(({ set: { family, table, set, timeouts, dynamic } }) =>
      timeouts || dynamic ? [] : [{ family, table, set }],
    ),
    // What opens a group has a time.
    entries: made('elements').flatMap(({ elements: { elements, ...map } }) =>
      entryTexts({ ...map, elements: elements.filter(({ timeoutMs }) => timeoutMs === undefined) }),
    ),
  }
}

/** One sentence; empty when all is as it was put there, null when the kernel cannot be asked now. */
export function damageIn(netfilter: Netlink, wanted: Tables, openings: readonly Opening[]): string | null {
  try {
    return (
      frameDamage(netfilter, wanted) ||
      ruleDamage(netfilter, wanted) ||
      entryDamage(netfilter, wanted) ||
      openDamage(netfilter, openings)
    )
  } catch (error) {
    if (error instanceof KernelError) return null
    throw error
  }
}

/** Tables and base chains have a state of their own: asleep, another policy. */
function frameDamage(netfilter: Netlink, { tables, hooks }: Tables): string {
  const frames = [
    ...tables.map((table) => ({
      name: `table ${table.family} ${table.table}`,
      ask: nftables.getTable(table),
      like: JSON.stringify(table),
    })),
    ...hooks.map((hook) => ({
      name: `chain ${hook.chain} of ${hook.family}`,
      ask: nftables.getChain(hook),
      like: JSON.stringify(hook),
    })),
  ]
  const replies = netfilter.request(frames.map(({ ask }) => ask))
  for (const [at, { name, like }] of frames.entries()) {
    const found = answer(replies[at], frameText)
    if (found === null) return `${name} is gone`
    if (found !== like) return `${name} was changed`
  }
  return ''
}

function frameText(message: Message): string {
  const event = must(nftables.decodeEvent(message))
  return JSON.stringify(event.kind === 'table' ? event.table : event.kind === 'chain' ? event.chain : null)
}

function ruleDamage(netfilter: Netlink, { tables, rules }: Tables): string {
  const found = tables.flatMap((table) => netfilter.dump(nftables.dumpRules(table)))
  const texts = found.map((message) => ruleText(must(nftables.decodeRule(message))))
  if (texts.length !== rules.length) return `${texts.length} rules instead of ${rules.length}`
  return texts.every((text, at) => text === rules[at]) ? '' : 'a rule was changed'
}

/** A counter counts on. */
const ruleText = ({ family, chain, expressions, comment }: nftables.Rule): string =>
  JSON.stringify([family, chain, comment, expressions.map((one) => (one.kind === 'counter' ? one.kind : one))])

function entryDamage(netfilter: Netlink, { maps, entries }: Tables): string {
  const found = maps.flatMap((map) => netfilter.dump(nftables.dumpElements(map)))
  const texts = found.flatMap((message) => entryTexts(must(nftables.decodeElements(message))))
  if (texts.length !== entries.length) return `${texts.length} guarded addresses instead of ${entries.length}`
  const known = new Set(texts)
  return entries.every((text) => known.has(text)) ? '' : 'a guarded address was changed'
}

const entryTexts = ({ family, set, elements }: nftables.ElementList): string[] =>
  elements.map(({ key, verdict }) => `${family} ${set} ${key.join('.')} ${verdict?.verdict} ${verdict?.chain}`)

function openDamage(netfilter: Netlink, openings: readonly Opening[]): string {
  const replies = netfilter.request(openings.map(({ name, key }) => nftables.getElements(name, [{ key }])))
  for (const [at, { name, longestMs }] of openings.entries()) {
    const found = answer(replies[at], (message) => must(nftables.decodeElements(message)).elements[0])
    if (!found) continue
    if (found.leftMs === undefined) return `somebody opened ${name.set} of ${name.family} for good`
    if ((found.timeoutMs ?? 0) > longestMs + TICK_MS) return `somebody opened ${name.set} of ${name.family}`
  }
  return ''
}

/** Null where the kernel said that there is none. */
function answer<Value>(reply: Reply | undefined, read: (message: Message) => Value): Value | null {
  if (!reply || !reply.answered || ![0, ENOENT].includes(reply.errno))
    throw new KernelError('netlink', reply?.errno ?? 0)
  const [message] = reply.data
  return message ? read(message) : null
}

/** What cannot be read is another kernel's word, and none of ours. */
function must<Value>(decoded: Decoded<Value>): Value {
  if (!decoded.ok) throw new KernelError('netlink', 71, decoded.error)
  return decoded.value
}
