/** Names of realservers within one list: that of the node, and where the list has the node twice, its address and port with it. */
import { destKey } from '@lvsm/model'
import { endpointText } from '@lvsm/base'

interface Entry {
  readonly node?: unknown
  readonly address?: unknown
  readonly port?: unknown
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `rs1`, `rs1@10.11.0.11`, `rs1@10.11.0.11:8080`. */
export function serverName(entry: Entry, all: readonly Entry[]): string {
  const node = wordOf(entry.node)
  return all.filter((one) => one.node === entry.node).length > 1 ? fullName(entry) : node
}

const fullName = ({ node, address, port }: Entry): string =>
  `${wordOf(node)}@${typeof port === 'number' ? destKey({ address: wordOf(address), port }) : bare(wordOf(address))}`

/** As `endpointText` writes an address, without a port. */
const bare = (address: string): string => endpointText(address, 0).replace(/:0$/, '')

/** Does an operator's word mean this entry? The shorter forms do where they mean one entry alone. */
export const means = (word: string, entry: Entry): boolean =>
  [wordOf(entry.node), fullName({ ...entry, port: undefined }), fullName(entry)].includes(word)

export const nodeOfServer = (name: string): string => name.split('@')[0] ?? name

/** What a full name says of the address and port. */
export function placeOfServer(name: string): { readonly address?: string; readonly port?: number } {
  const [, place] = name.split('@')
  if (place === undefined) return {}
  const [, inner, v4, digits] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/.exec(place) ?? []
  const address = inner ?? v4
  return { ...(address === undefined ? {} : { address }), ...(digits === undefined ? {} : { port: Number(digits) }) }
}
