/**
 * Our tables of nf_tables as they stand, as one text: what somebody did to them shows. Rules by the kernel's number, which a rule that was removed,
 * added or replaced changes; what has no number of its own, or keeps it when it is changed, as it is: tables (asleep), chains (policy, hook), and
 * sets that rules look into (their elements).
 */
import { MARKS } from '@lvsm/base'
import { KernelError, type Netlink } from '@lvsm/kernel'
import { type Decoded, type Message, nftables } from '@lvsm/netlink'

interface Named {
  readonly family: string
  readonly table: string
}

/** Empty where there is no such table. Throws what a dump throws. */
export function standingRules(socket: Netlink): string {
  const table = MARKS.rulesTable
  const ours = <Value extends Named>(dump: Uint8Array, decode: (message: Message) => Decoded<Value>): Value[] =>
    socket.dump(dump).flatMap((message) => {
      const decoded = decode(message)
      return decoded.ok && decoded.value.table === table ? [decoded.value] : []
    })
  const tables = ours(nftables.dumpTables(), nftables.decodeTable)
  if (tables.length === 0) return ''
  const chains = ours(nftables.dumpChains(), nftables.decodeChain)
  const sets = ours(nftables.dumpSets(), nftables.decodeSet)
  return [
    ...[...tables, ...chains, ...sets].map((one) => JSON.stringify(one)).toSorted(),
    ...tables.flatMap(({ family }) => socket.dump(nftables.dumpRules({ family, table })).map(ruleText)),
    // What rules fill themselves comes and goes.
    ...sets
      .filter(({ timeouts, dynamic }) => timeouts !== true && dynamic !== true)
      .flatMap(({ family, set }) => elementTexts(socket.dump(nftables.dumpElements({ family, table, set })), set)),
  ].join('\n')
}

/** What rules have put into sets of this name in our tables; nothing where it cannot be read. */
export function rememberedSets(socket: Netlink, set: string): nftables.ElementList[] {
  return (['ip', 'ip6'] as const).flatMap((family) => {
    try {
      return socket.dump(nftables.dumpElements({ family, table: MARKS.rulesTable, set })).flatMap((message) => {
        const decoded = nftables.decodeElements(message)
        return decoded.ok ? [decoded.value] : []
      })
    } catch (error) {
      if (error instanceof KernelError) return []
      throw error
    }
  })
}

/** With the time that each has left. */
export function setAgain(name: nftables.SetName, { elements }: nftables.ElementList): Uint8Array[] {
  const left = elements.flatMap(({ key, leftMs }) =>
    leftMs === undefined || leftMs < 1 ? [] : [{ key, timeoutMs: leftMs }],
  )
  const messages: Uint8Array[] = []
  for (let at = 0; at < left.length; at += nftables.ELEMENTS_PER_MESSAGE)
    messages.push(nftables.newElements(name, left.slice(at, at + nftables.ELEMENTS_PER_MESSAGE)))
  return messages
}

function ruleText(message: Message): string {
  const decoded = nftables.decodeRule(message)
  if (!decoded.ok) return 'unreadable'
  const { family, table, chain, handle } = decoded.value
  return `${family} ${table} ${chain} ${handle}`
}

const elementTexts = (messages: readonly Message[], set: string): string[] =>
  messages
    .flatMap((message) => {
      const decoded = nftables.decodeElements(message)
      return decoded.ok ? decoded.value.elements.map(({ key }) => key.join('.')) : ['unreadable']
    })
    .toSorted()
    .map((text) => `${set} ${text}`)
