/** The two systems under the same faults: how each is told who owns the VIP, stopped, started, moved. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Stage, until } from '../lab/stage.ts'
import { pair } from '../lab/topologies/pair.ts'

export interface System {
  readonly name: 'lvsm' | 'keepalived'
  /** The process whose death, stop or freeze is the fault. */
  readonly process: string
  /** The director that owns the VIP now, and everything at rest. */
  settled(stage: Stage): Promise<string>
  /** A planned move, where the system has one. */
  readonly switchover?: (stage: Stage, owner: string) => Promise<void>
  /** What happened in the last seconds, and why, as the system itself tells it. */
  readonly told?: (stage: Stage) => Promise<string>
}

export const DIRECTORS = ['dir1', 'dir2'] as const
export const other = (director: string): string => (director === 'dir1' ? 'dir2' : 'dir1')
const PATIENCE_MS = 30_000
const [{ name: group }] = pair.groups as readonly [{ readonly name: string }]
/** After a fault: neighbours, checks and VRRP timers come to rest. */
const REST_MS = 1500

export const lvsm: System = {
  name: 'lvsm',
  process: 'lease',
  async settled(stage) {
    const owner = await until('an owner and a ready standby', PATIENCE_MS, async () => {
      const { groups, nodes, services } = await stage.status()
      const owner = groups[0]?.owner
      const rested = DIRECTORS.every((name) =>
        nodes.some((node) => node.name === name && node.agent && node.state === (name === owner ? 'owner' : 'standby')),
      )
      const full = services.every(({ realservers }) => realservers.every(({ weight }) => weight > 0))
      return rested && full && owner
    })
    await sleep(REST_MS)
    return owner
  },
  async switchover(stage, owner) {
    await stage.switchover(group, owner)
  },
  async told(stage) {
    return (await stage.run(['lvsm', 'events', '--since', '15s'])).out
  },
}

export const keepalived: System = {
  name: 'keepalived',
  process: 'keepalived',
  async settled(stage) {
    await sleep(REST_MS)
    return until('one director with the VIP', PATIENCE_MS, async () => {
      const { out: vip } = await stage.run(['sh', '-c', 'echo "$LAB_VIP"'])
      const holders: string[] = []
      for (const director of DIRECTORS) {
        const { out } = await stage.run(['ip', '-br', 'addr', 'show', 'outside'], director)
        if (out.includes(`${vip.trim()}/`)) holders.push(director)
      }
      return holders.length === 1 && holders[0]
    })
  },
}
