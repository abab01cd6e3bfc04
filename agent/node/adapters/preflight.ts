/** What must be there before the first change: rights, modules, tools. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { familyOf, type Refusal } from '@lvsm/base'
import { helperRow, type NodeView, SCHEDULERS, tunnelOver, TUNNELS } from '@lvsm/model'
import { helperPorts } from '@lvsm/plan'

const NET_ADMIN = 12n
const MODPROBE_MS = 20_000

/** Null when this process may change the network. */
export function refuseRights(): Refusal | null {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  if (((BigInt(`0x${effective}`) >> NET_ADMIN) & 1n) === 1n) return null
  return {
    code: 'no-rights',
    message: 'this process may not change the network (CAP_NET_ADMIN is missing)',
    hint: 'run it as root: sudo lvsm-agent …, or as the systemd unit',
  }
}

function load(module: string, options: readonly string[] = []): string | null {
  if (existsSync(`/sys/module/${module}`)) return null
  try {
    execFileSync('modprobe', ['-q', module, ...options], { timeout: MODPROBE_MS, stdio: ['ignore', 'ignore', 'pipe'] })
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'there is no modprobe (Debian: package kmod)'
      : 'this kernel has no such module'
  }
}

/**
 * `ipvs`: does the kernel answer for IPVS? A module of one scheduler or tunnel that is missing is no refusal: the kernel says so when what needs
 * it is made, which is a trouble of that service or realserver, and everything else goes on.
 */
export function refuseModules(view: NodeView, ipvs: () => boolean, loads = load): Refusal[] {
  for (const { tunnel, remote } of view.tunnels) {
    const { module } = tunnelOver(tunnel, familyOf(remote))
    loads(module)
    // GUE is taken at its port by one module, and unwrapped by another.
    if (TUNNELS[tunnel].port !== null) loads(tunnelOver('ipip', familyOf(remote)).module)
  }
  if (view.directs.length === 0) return []
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  const hint = `kernel ${release}: install one with IPVS (Debian: package linux-image-amd64, not the cloud flavour), or give this node no director role`
  const base = loads('ip_vs')
  if (!ipvs())
    return [
      {
        code: 'no-module',
        field: 'module ip_vs',
        message: `a director needs the kernel module ip_vs: ${base ?? 'it is loaded, but IPVS does not answer'}`,
        hint,
      },
    ]
  for (const module of new Set(view.services.map(({ scheduler }) => SCHEDULERS[scheduler].module))) loads(module)
  for (const helper of new Set(view.services.flatMap((service) => service.helper ?? []))) {
    const { module, port } = helperRow(helper)
    const ports = helperPorts(view)
    loads(module, ports.every((one) => one === port) ? [] : [`ports=${ports.join(',')}`])
  }
  return []
}
