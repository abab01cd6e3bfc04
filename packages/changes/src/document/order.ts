/** One order of keys and names, the same whatever order they were written in: equal documents are equal texts. */
import { isTree, type Tree } from './tree.ts'

/** As people write them. */
const KEYS = [
  'cluster epoch kept-revisions monitoring-port agent-port monitoring-link profile tcp-timeout tcp-fin-timeout udp-timeout timing keepalive lease apply warntime deadtime drain sync sync-id sync-link sync-group sync-port keys sign-with nodes groups pools services receivers',
  'name id node roles voter coordinator link-order links group directors vips gateways ping take-hooks release-hooks hook-user hook-timeout address prefix interface port ports protocol',
  'scheduler scheduler-flags one-packet persistence persistence-netmask persistence-engine helper quorum hysteresis check type command contract dynamic-weight query record rcode answers method host sni path headers headers-file status body body-digest',
  'http2 grpc-service tls verify ca client-certificate-file min-version expiry-days send expect close interval timeout fall rise keep-last own-view via track fast-interval down-interval jitter slow-start',
  'max-ejection panic flap-hold down-linger pool overrides realservers',
  'forward gateway route placement weight upper-threshold lower-threshold backup agent algorithm file',
  'url to from server user password-file headers-file severity troubles after repeat resolved',
].flatMap((line) => line.split(' '))
const RANKS: ReadonlyMap<string, number> = new Map(KEYS.map((key, at) => [key, at]))
const rankOf = (key: string): number => RANKS.get(key) ?? KEYS.length

/** Numbers within names count as numbers: rs2 before rs10, 10.11.0.9 before 10.11.0.10. */
export function natural(one: string, other: string): number {
  let at = 0
  while (at < one.length && at < other.length && one[at] === other[at]) at++
  while (at > 0 && isDigit(one[at - 1])) at--
  return byNumber(digitsAt(one, at), digitsAt(other, at)) || plain(one, other)
}

const plain = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= '0' && character <= '9'

function digitsAt(text: string, start: number): string {
  let end = start
  while (isDigit(text[end])) end++
  return text.slice(start, end)
}

/** However many digits; 0 where one has none. */
function byNumber(one: string, other: string): number {
  if (one === '' || other === '') return 0
  const [this_, that] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')]
  return this_.length - that.length || plain(this_, that)
}

const inOrder = (one: string, other: string): number => rankOf(one) - rankOf(other) || natural(one, other)

/** The mapping in order, without what says nothing: keys that are undefined, and lists without entries. */
export const ordered = <T extends object>(tree: T): T =>
  Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
      .toSorted(([one], [other]) => inOrder(one, other)),
  ) as T

/** The same at every depth. */
export const orderedTree = (tree: Tree): Tree =>
  ordered(
    Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, isTree(value) ? orderedTree(value) : value])),
  )
