/** A node of the table of drift on the host's kernel: a network namespace with its links, and what an agent does there. Needs root, and fails without it. */
import { execFileSync } from 'node:child_process'
import { inNamespace } from '@lvsm/kernel'
import type { Operation } from '@lvsm/plan'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { rows } from '../drift/rows.ts'
import { type Machine, SITUATIONS, type SituationName } from '../drift/situations.ts'

const SPACE = `lvsm-drift-${process.pid}`
export const within = (line: string): string =>
  execFileSync('ip', ['netns', 'exec', SPACE, 'sh', '-c', line], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
/** Those that this kernel can mend; all others want IPVS or devices. */
export const ROWS_HERE = rows().filter(([, { lab }]) => lab === undefined)
const KINDS: ReadonlySet<Operation['kind']> = new Set(ROWS_HERE.map(([kind]) => kind))

/** A line of `sh` that makes a link with its address. */
export const linkLine = (link: string, address: string): string =>
  `ip link add ${link} type veth peer name ${link}-peer && ip link set ${link}-peer up && ip link set ${link} up && ip addr add ${address}/24 dev ${link}`

/** There is one at a time: it is to be closed. */
export function machineOf(name: SituationName): Machine & { close(): void } {
  execFileSync('ip', ['netns', 'add', SPACE])
  const remove = (): void => void execFileSync('ip', ['netns', 'del', SPACE])
  try {
    within('ip link set lo up')
    for (const { name: link, address } of SITUATIONS[name].links) within(linkLine(link, address))
    const kernel = inNamespace(SPACE, openKernel)
    return {
      observe: (sysctls) => inNamespace(SPACE, () => kernel.observe({ sysctls, services: false })),
      apply: (operation) => inNamespace(SPACE, () => kernel.apply(operation))?.message ?? null,
      can: ({ kind }) => KINDS.has(kind),
      close() {
        kernel.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

const SETTINGS = ['ip_forward', ...['all', 'inside', 'outside'].flatMap((name) => conf(name))]
function conf(name: string): string[] {
  return ['arp_ignore', 'arp_announce', 'send_redirects', 'accept_redirects', 'rp_filter'].map(
    (key) => `conf/${name}/${key}`,
  )
}
/** What the tools show, without counters and what is left of lifetimes that end. */
export const shown = (): string =>
  [
    'ip -o addr show | grep -v fe80',
    'ip route show table all | grep -v fe80 | sort',
    'ip -6 route show table all | grep -v fe80 | grep -v ff00 | sort',
    'ip rule && ip -6 rule',
    'nft -s list ruleset',
    ...SETTINGS.map((path) => `echo ${path} $(cat /proc/sys/net/ipv4/${path} 2>/dev/null)`),
  ]
    .map((line) => within(line))
    .join('\n')
