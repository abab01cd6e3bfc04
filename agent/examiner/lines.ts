/** Lines of other programs' files that say something of a trap; the rest of such a file, passwords too, stays where it is. */
import { join } from 'node:path'
import type { MachineFacts } from '@lvsm/protocol'
import { namesIn, textOf } from './settings.ts'

const WANTED: readonly (readonly [path: string, pattern: RegExp])[] = [
  ['/etc/nftables.conf', /\bflush\s+ruleset\b/],
  ['/etc/sysconfig/nftables.conf', /\bflush\s+ruleset\b/],
  ['/etc/keepalived/keepalived.conf', /^\s*(vrrp_instance|nopreempt)\b/],
  ['/etc/ha.d/ldirectord.cf', /^\s*quiescent\b/],
  ['/etc/ldirectord.cf', /^\s*quiescent\b/],
  ['/etc/ha.d/ha.cf', /^\s*hbgenmethod\b/],
  ['/etc/default/ipvsadm', /^\s*AUTO\s*=/],
  ['/etc/systemd/networkd.conf', /^\s*ManageForeignRoutes\b/],
  ['/etc/systemd/networkd.conf.d/', /^\s*ManageForeignRoutes\b/],
  ['/usr/lib/systemd/networkd.conf.d/', /^\s*ManageForeignRoutes\b/],
  ['/etc/NetworkManager/NetworkManager.conf', /^\s*unmanaged-devices\b/],
  ['/etc/NetworkManager/conf.d/', /^\s*unmanaged-devices\b/],
  ['/etc/haproxy/haproxy.cfg', /^\s*bind\s/],
  ['/etc/nginx/nginx.conf', /^\s*listen\s/],
  ['/etc/nginx/conf.d/', /^\s*listen\s/],
]
/** Characters; a file of somebody else has no bounds of ours. */
const LONGEST_FILE = 1 << 20
const LONGEST_LINE = 200

export const linesOf = (path: string, text: string, pattern: RegExp): MachineFacts['lines'] =>
  text
    .slice(0, LONGEST_FILE)
    .split('\n')
    .flatMap((line, at) => (pattern.test(line) ? [{ path, number: at + 1, text: line.slice(0, LONGEST_LINE) }] : []))

export const readLines = (): MachineFacts['lines'] =>
  WANTED.flatMap(([path, pattern]) => {
    const files = path.endsWith('/')
      ? namesIn(path)
          .toSorted()
          .map((name) => join(path, name))
      : [path]
    return files.flatMap((file) => linesOf(file, textOf(file) ?? '', pattern))
  })
