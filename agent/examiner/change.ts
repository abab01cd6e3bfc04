/** What `lvsm doctor --fix` changes. Null is done, else what the kernel said. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { familyOf } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'
import type { Fix } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

const MODPROBE_MS = 20_000
/** Nothing else below /proc/sys is anybody's business here. */
const SETTING = /^net\/[a-z0-9]+\/[A-Za-z0-9_.@:-]+(\/[A-Za-z0-9_.@:-]+)*$/

export const change = (fixes: readonly Fix[]): (string | null)[] =>
  fixes.map((fix) => {
    try {
      return make(fix)
    } catch (error) {
      return (error as Error).message
    }
  })

function make(fix: Fix): string | null {
  switch (fix.kind) {
    case 'sysctl':
      if (!SETTING.test(fix.path) || fix.path.split('/').includes('..'))
        return `${fix.path} is no setting of the network`
      writeFileSync(`/proc/sys/${fix.path}`, fix.value)
      return null
    case 'address':
      return narrow(fix)
    case 'module':
      if (!/^[a-z0-9_]+$/.test(fix.name)) return `${fix.name} is no name of a module`
      execFileSync('modprobe', ['-q', fix.name], { timeout: MODPROBE_MS, stdio: ['ignore', 'ignore', 'pipe'] })
      return null
  }
}

/**
 * In IPv4 the narrow one first, so that the address is there all the time; in IPv6 an interface has an address once, with one prefix.
 */
const narrow = ({ interface: name, address, prefix, was }: Extract<Fix, { kind: 'address' }>): string | null =>
  withNetlink(NETLINK.route, (socket) => {
    const [reply] = socket.request([rtnetlink.getLink(name)])
    const link = reply?.errno === 0 && reply.data[0] ? rtnetlink.decodeLink(reply.data[0]) : null
    if (!link?.ok) return `there is no interface ${name}`
    const { index } = link.value
    const remove = rtnetlink.deleteAddress({ index, local: address, prefix: was })
    if (familyOf(address) === 'ipv6') {
      const flags = rtnetlink.ADDRESS_FLAG.noDad
      const removed = socket.apply([remove])
      if (removed) return removed.message
      return (
        socket.apply([rtnetlink.newAddress({ index, local: address, prefix, flags, preferredSeconds: 0 })])?.message ??
        null
      )
    }
    const added = socket.apply([rtnetlink.newAddress({ index, local: address, prefix, scope: rtnetlink.SCOPE.host })])
    if (added && added.code !== 'EEXIST') return added.message
    return socket.apply([remove])?.message ?? null
  })
