/**
 * The table of drift on the host's kernel: what an agent has set up is removed and altered with the field's own tools, and stands again as they showed it before. Needs root, and fails
 * without it. What needs IPVS, a dummy device or a tunnel the lab does (test/drift/rows.ts names its scenarios).
 */
import { execFileSync } from 'node:child_process'
import { inNamespace } from '@lvsm/kernel'
import type { Operation } from '@lvsm/plan'
import { afterEach, describe, expect, it } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { rows } from '../drift/rows.ts'
import { agentAt, type Machine, SITUATIONS, type SituationName } from '../drift/situations.ts'

const SPACE = `lvsm-drift-${process.pid}`
const within = (line: string): string =>
  execFileSync('ip', ['netns', 'exec', SPACE, 'sh', '-c', line], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
/** Kinds that some row of this file mends; all others want IPVS or devices. */
const ours = rows().filter(([, { lab }]) => lab === undefined)
const KINDS: ReadonlySet<Operation['kind']> = new Set(ours.map(([kind]) => kind))

let close: (() => void) | undefined
afterEach(() => close?.())

function machineOf(name: SituationName): Machine {
  execFileSync('ip', ['netns', 'add', SPACE])
  close = () => void execFileSync('ip', ['netns', 'del', SPACE])
  within('ip link set lo up')
  for (const { name: link, address } of SITUATIONS[name].links) {
    within(
      `ip link add ${link} type veth peer name ${link}-peer && ip link set ${link}-peer up && ip link set ${link} up`,
    )
    within(`ip addr add ${address}/24 dev ${link}`)
  }
  const kernel = inNamespace(SPACE, openKernel)
  close = () => {
    kernel.close()
    execFileSync('ip', ['netns', 'del', SPACE])
  }
  return {
    observe: (sysctls) => inNamespace(SPACE, () => kernel.observe({ sysctls, services: false })),
    apply: (operation) => inNamespace(SPACE, () => kernel.apply(operation))?.message ?? null,
    can: ({ kind }) => KINDS.has(kind),
  }
}

const SETTINGS = ['ip_forward', ...['all', 'inside', 'outside'].flatMap((name) => conf(name))]
function conf(name: string): string[] {
  return ['arp_ignore', 'arp_announce', 'send_redirects', 'accept_redirects', 'rp_filter'].map(
    (key) => `conf/${name}/${key}`,
  )
}
/** What the tools show, without counters and what is left of lifetimes that end. */
const shown = (): string =>
  [
    'ip -o addr show | grep -v fe80',
    'ip route show table all | grep -v fe80 | sort',
    'ip -6 route show table all | grep -v fe80 | grep -v ff00 | sort',
    'ip rule && ip -6 rule',
    'nft -s list ruleset',
    ...SETTINGS.map((path) => `cat /proc/sys/net/ipv4/${path} 2>/dev/null || true`),
  ]
    .map((line) => within(line))
    .join('\n')

describe('what somebody removes or alters with ip, nft and sysctl stands again', () => {
  it.each(ours.map(([kind, row]) => [kind, row.at, row.what, row] as const))(
    '%s: %s, %s',
    (kind, at, _, { byHand }) => {
      const agent = agentAt(at, machineOf(at))
      agent.settle()
      const before = shown()
      for (const line of byHand) within(line)
      expect(shown(), 'something was changed').not.toBe(before)
      expect(agent.plan().map((one) => one.kind)).toContain(kind)
      agent.settle()
      expect(shown()).toBe(before)
    },
  )
})
