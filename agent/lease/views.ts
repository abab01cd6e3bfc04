/**
 * Which view counts, and what it means for the sockets. A refused view changes nothing. One that counts has its links and
 * its watches of the kernel before the core sees it: the core speaks at once, and what it builds is watched from the
 * first moment. It is kept on disk last, when it is in use. One of a higher epoch goes to the core first, which brings it to the
 * disk, and says when its turn has come.
 */
import { createHash } from 'node:crypto'
import {
  type CounterName,
  impossibleView,
  type LeaseGroup,
  type LeaseLink,
  type LeaseStatus,
  type HeartbeatKey,
  type LeaseView,
  type Outgoing,
} from '@lvsm/protocol'
import { type Instant, refuseTiming, type Trouble } from '@lvsm/base'
import type { LeaseCore } from './core/core.ts'
import { linkSource } from './core/links.ts'
import type { UdpEvents, UdpLinks } from './adapters/network/udp.ts'
import { heartbeatPorts, honestRate } from './heartbeat-ports.ts'
import type { Addressee, HeartbeatPort } from './ports.ts'
import { Unbelieved } from './unbelieved.ts'
import { Unsent } from './unsent.ts'

export interface ViewPorts {
  /** `before`: the view whose links were open until now. */
  openLinks(view: LeaseView, events: UdpEvents, before: LeaseView | null): UdpLinks
  /** The rules in front of the ports become these; without them the process goes on. */
  guard(ports: readonly HeartbeatPort[], perSecond: number): void
  received: UdpEvents['received']
  /** False: the kernel cannot be asked, and the process ends. */
  /** `own`: addresses that this node alone has. */
  watch(groups: readonly LeaseGroup[], own: readonly string[]): boolean
  /** Whether the core would act on it at once. Else it keeps it until its turn, and says then that it is to be used; or refuses it. */
  takes(view: LeaseView): boolean
  feed(view: LeaseView): void
  keep(view: LeaseView): void
  say(text: string): void
  count(name: CounterName): void
  /** Shown in the status of every node until it is over (null). */
  trouble(source: string, trouble: Trouble | null): void
  /** Nothing was touched yet, and nothing can go on. */
  fail(text: string): void
}

export class Views {
  readonly #node: string
  readonly #ports: ViewPorts
  readonly #unbelieved = new Unbelieved()
  readonly #unsent = new Unsent()
  #links: UdpLinks | undefined
  #network = ''
  #keys = ''
  /** Of the pairwise keys; undefined: there are none. */
  #ring: number | undefined
  /** Whose links are open, and whose were before: peers may still be where they were then. */
  #opened: LeaseView | null = null
  #before: LeaseView | null = null
  /** Links of the present opening that another program keeps from us. */
  #inUse = 0
  /** Names of links that cannot be bound. */
  readonly #down = new Set<string>()

  constructor(node: string, ports: ViewPorts) {
    this.#node = node
    this.#ports = ports
  }

  /** From the reconciler; or from the core, when its turn has come. */
  heard(view: LeaseView): void {
    if (this.#adopt(view, (text) => this.#ports.fail(text))) this.#ports.keep(view)
  }

  /** The last one before the start. It may be out of date: the reconciler knows better. True when it is in use. */
  remembered(view: LeaseView): boolean {
    return this.#adopt(view, () => this.#ports.say('the last view cannot be used: waiting for the reconciler'))
  }

  /** With the pairwise keys that are accepted, and with who speaks and is not believed, or is not reached. */
  completed(core: Pick<LeaseCore, 'status'>, now: Instant): LeaseStatus {
    const shown = this.#unsent.shownIn(this.#unbelieved.shownIn(core.status(now), now), now)
    return this.#ring === undefined ? shown : { ...shown, ring: this.#ring }
  }

  send(outgoing: Outgoing, recipients: readonly Addressee[]): void {
    this.#links?.send(outgoing, recipients)
  }
  close(): void {
    this.#links?.close()
  }

  #adopt(view: LeaseView, deaf: (text: string) => void): boolean {
    const refusal = refusalOf(view, this.#node)
    if (refusal !== '') {
      this.#ports.say(refusal)
      this.#ports.trouble('view', refusedTrouble(refusal))
      return false
    }
    this.#ports.trouble('view', null)
    if (!this.#ports.takes(view)) {
      this.#ports.feed(view)
      return false
    }
    const network = networkOf(view)
    if (network !== this.#network && !this.#open(view, network)) {
      deaf('no link of this node can be used: nothing was changed')
      return false
    }
    this.#rekey(view)
    this.#guard(view, this.#before)
    const own = view.nodes.find(({ name }) => name === this.#node)?.links ?? []
    if (!this.#ports.watch(view.groups, [...new Set(own.map(({ address }) => address))])) return false
    this.#ports.feed(view)
    return true
  }

  /** False at the start when other programs have all of this node's ports: nothing has been touched yet. */
  #open(view: LeaseView, network: string): boolean {
    const first = this.#links === undefined
    // Peers that moved are let through before anybody listens to them; at the start nothing is touched before the ports are ours.
    if (!first) this.#guard(view, this.#opened)
    this.#links?.close()
    this.#inUse = 0
    for (const name of this.#down) this.#ports.trouble(linkSource(name), null)
    this.#down.clear()
    const opened = this.#ports.openLinks(view, this.#events(), this.#opened)
    const own = view.nodes.find(({ name }) => name === this.#node)?.links ?? []
    if (first && this.#inUse > 0 && this.#inUse === own.length) {
      opened.close()
      return false
    }
    this.#links = opened
    this.#before = this.#opened
    this.#opened = view
    this.#network = network
    this.#keys = keysOf(view)
    return true
  }

  /** Keys change on the open sockets: what waits in them is heard yet. */
  #rekey(view: LeaseView): void {
    const keys = keysOf(view)
    if (keys !== this.#keys) this.#links?.rekey(view)
    this.#keys = keys
    this.#ring = view.ring
    this.#unbelieved.keep(new Set(view.nodes.map(({ name }) => name)), (id) => {
      const key = view.keys.find((one) => one.id === id)
      return key ? fingerprintOf(key) : null
    })
  }

  #guard(view: LeaseView, before: LeaseView | null): void {
    this.#ports.guard(heartbeatPorts(view, before), honestRate(view))
  }

  #events(): UdpEvents {
    const { received, count, say, trouble } = this.#ports
    return {
      received,
      count,
      unbelieved: (nodes, dropped) => this.#unbelieved.note(nodes, dropped),
      unsent: (one) => this.#unsent.note(one),
      linkFailed: (link, error) => {
        count('link-failed')
        if (error.code === 'EADDRINUSE') this.#inUse += 1
        const [message, hint] = [`${linkText(link)}: ${error.message}`, linkHint(error)]
        say(`${message}; ${hint}`)
        this.#down.add(link.name)
        trouble(linkSource(link.name), { code: 'link-down', severity: 'warning', message, hint })
      },
      linkBack: (link) => {
        say(`${linkText(link)}: works now`)
        this.#down.delete(link.name)
        trouble(linkSource(link.name), null)
      },
    }
  }
}

/** By which two people see whether they have the same key; whoever hears a datagram can guess as well by its MAC. */
const fingerprintOf = ({ secret }: HeartbeatKey): string =>
  createHash('sha256').update(`lvsm heartbeat key ${secret}`).digest('hex').slice(0, 8)

const refusedTrouble = (message: string): Trouble => ({
  code: 'view-refused',
  severity: 'critical',
  message,
  hint: 'start lvsm-lease and lvsm-agent of one node with the same --node and configuration',
})

/** Why a view is none for this process; empty when it is. */
function refusalOf(view: LeaseView, own: string): string {
  const { node, timing } = view
  const impossible = impossibleView(view)
  if (impossible !== null) return `refused a view: ${impossible}`
  if (node !== own) return `refused a view of node ${node}: this process is ${own}`
  const [refusal] = refuseTiming(timing)
  return refusal ? `refused a view: ${refusal.message}` : ''
}

/** All that the sockets depend on. */
const networkOf = ({ cluster, nodes }: LeaseView): string =>
  JSON.stringify([cluster, nodes.map(({ name, links }) => [name, links])])
/** All that signs, or is believed. */
const keysOf = ({ nodes, keys, signWith }: LeaseView): string =>
  JSON.stringify([keys, signWith, nodes.map(({ name, pair }) => [name, pair])])

const linkText = ({ name, address, port }: LeaseLink): string => `link ${name} (${address} port ${port})`

const linkHint = (error: NodeJS.ErrnoException): string =>
  error.code === 'EADDRINUSE'
    ? 'another program uses this port: stop it, or give the link another port'
    : error.code === 'EADDRNOTAVAIL'
      ? 'this node has no such address: correct the link, or configure the interface'
      : 'heartbeats on this link are off; it is tried again each second'
