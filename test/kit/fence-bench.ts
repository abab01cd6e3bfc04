/** The fence's adapter over nf_tables in memory: what it says to the kernel, in words, and what is open afterwards. */
import { type LeaseGroup } from '@lvsm/protocol'
import { type Instant, instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { nftables as nft, readMessages } from '@lvsm/netlink'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import type { FenceOp } from '../../agent/lease/core/events.ts'
import type { FenceOrder } from '../../agent/lease/ports.ts'
import { type Disturbance, FakeLinux } from './linux.ts'

export const NEVER = instant(Number.POSITIVE_INFINITY)
export const DONE = { result: 'done', error: '' }
export const CLOSED = [false, false, false]
export const OPEN = [true, true, true]
const LAYERS = ['arp', 'netdev', 'inet'] as const

export const groupAt = (name: string, address: string, ifindex = 2): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [{ address, prefix: 24, ifindex, kind: 'vip' }],
})
export const [WEB, MAIL] = [groupAt('web', '10.11.0.10'), groupAt('mail', '10.11.0.11', 3)]

export const order = (op: FenceOp, rest: Partial<FenceOrder> = {}): FenceOrder => ({
  group: 'web',
  op,
  parts: ['announce', 'serve'],
  timeoutMs: 200,
  notAfter: NEVER,
  ...rest,
})
export const carried = (timeoutMs: number, notAfter = NEVER, group = 'web') => [{ group, timeoutMs, notAfter }]

export class FenceBench {
  now = 1000
  /** Readings of the clock and calls of the kernel, in their order. */
  log: string[] = []
  readonly linux = new FakeLinux(() => this.now)
  readonly fence: KernelFence

  constructor() {
    this.linux.addLink(2, 'left', '02:00:00:00:00:02')
    this.linux.addLink(3, 'right', '02:00:00:00:00:03')
    this.linux.before = () => this.log.push('call')
    const clock = (): Instant => {
      this.log.push('clock')
      return instant(this.now)
    }
    this.fence = new KernelFence(clock, (index) => this.linux.route.links.get(index)?.name, this.linux)
  }

  /** From now on each call takes so long. */
  slow(ms: number): void {
    this.linux.after = () => {
      this.now += ms
    }
  }
  /** So many of the next calls go wrong. */
  fails(disturbance: Partial<Disturbance> & { errno: number }, times = 1): void {
    let left = times
    this.linux.disturb = ({ protocol }) =>
      protocol === NETLINK.netfilter && left-- > 0 ? { done: false, answered: true, ...disturbance } : undefined
  }

  /** The messages of the last call in words, without the frame of the transaction. */
  said(): string[] {
    const messages = this.linux.calls.at(-1)?.messages.slice(1, -1) ?? []
    return messages
      .flatMap((bytes) => readMessages(bytes).messages)
      .map((message) => {
        const event = nft.decodeEvent(message)
        if (!event.ok || event.value.kind !== 'elements') return event.ok ? event.value.kind : event.error
        const { change, elements } = event.value
        const items = elements.elements.map(({ timeoutMs }) => timeoutMs ?? '-')
        return `${change} ${elements.family} ${elements.set} ${items.join() || 'all'}`
      })
  }

  elementsIn(family: nft.Family, group = 'web') {
    const items = this.linux.tables.table({ family, table: 'lvsm' })?.sets.get(`open-${group}`)?.items
    return [...(items?.values() ?? [])].filter((item) => this.linux.tables.isLive(item))
  }
  /** In arp, netdev and inet. */
  isOpen(group = 'web'): boolean[] {
    return LAYERS.map((family) => this.elementsIn(family, group).length > 0)
  }
  layers(): string[] {
    return LAYERS.filter((family) => this.linux.tables.table({ family, table: 'lvsm' }) !== undefined)
  }
  chainsIn(family: nft.Family): string[] {
    return [...(this.linux.tables.table({ family, table: 'lvsm' })?.chains.keys() ?? [])]
  }
}
