/** On which machine a next step is to be done, where its sentence does not say so: a status is read anywhere. */
import type { NodeTrouble } from '../http/status.ts'

/** Commands of a machine, files of it, and programs of lvsm as its supervisor knows them. */
const LOCAL = new RegExp(
  [
    String.raw`\bip (?:-\w+ )*(?:addr|link|route|neigh|rule|address)\b`,
    String.raw`\b(?:nft|tc|ethtool|sysctl|modprobe|systemctl|journalctl|ipvsadm|dmesg|timedatectl|chronyc|conntrack|mount|free) -{0,2}\w`,
    String.raw`\b(?:ps|ss|df) -`,
    String.raw`\(df\b`,
    String.raw`(?:^|[\s(])/(?:etc|proc|sys|var|run)/`,
    String.raw`\blvsm doctor\b`,
    String.raw`\b(?:start|restart) lvsm-\w+`,
  ].join('|'),
)
/** It names its machine, or another one than that whose word it is. */
const NAMED = /(?:^|[\s;:,])on (?:each of )?[\w.-]+[:,]|\b(?:there|on that node|on each|on both)\b/

/** Of what nodes say of themselves, several in the same words: `on dir1: modprobe ip_vs`. */
export function placed<Told extends NodeTrouble>(trouble: Told): Told {
  const { node, object = '', hint } = trouble
  const nodes = node.split(', ')
  const isOfOther = object.startsWith('node ') && !nodes.includes(object.slice('node '.length))
  if (hint === undefined || isOfOther || NAMED.test(hint) || !LOCAL.test(hint)) return trouble
  return { ...trouble, hint: `on ${nodes.length > 1 ? `each of ${node}` : node}: ${hint}` }
}
