/** `lvsm-lease`: wires the ownership core to the network, the kernel and its reconciler; decides nothing itself. */
import './engine.ts'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LONGEST_TERM_MS, seededRandom } from '@lvsm/base'
import { boottime, createAlarm, lockFile, onceAfter, runFirst } from '@lvsm/kernel'
import { type LeaseEvent, type LeaseLink, type LeaseView, LOST_STATE } from '@lvsm/lease'
import { encode, type ToLease, viewCodec } from '@lvsm/wire'
import { type KernelEvents, openKernel } from './adapters/kernel/kernel.ts'
import { type IpcServer, serveIpc } from './adapters/ipc.ts'
import { openState, setUp } from './adapters/state.ts'
import { openLinks, type UdpLinks } from './adapters/network/udp.ts'
import { createLeaseCore } from './core/core.ts'
import { startPump } from './pump.ts'
import { rehearse } from './rehearsal.ts'

const VERSION = 1
/** The reconciler hears the whole status this often, and at every event and changed word of a peer. */
const STATUS_MS = 1000
/** The word about what happened, to the log and the reconciler, follows so long after: acting comes first. */
const NEWS_MS = 60
/** A stop that takes longer than this leaves the rest to the kernel's fence. */
const STOP_MS = 2000
const USAGE = `usage: lvsm-lease --node NAME [--run-dir DIR] [--state-dir DIR]
       lvsm-lease --set-up [--state-dir DIR]     once on a new node: its voter need not wait for leases of a forgotten past`

const say = (text: string): void => void process.stderr.write(`lvsm-lease: ${text}\n`)
const fail = (code: number, text: string): never => {
  say(text)
  process.exit(code)
}

interface Options {
  /** Empty with `setUp`. */
  readonly node: string
  readonly setUp: boolean
  readonly runDir: string
  readonly stateDir: string
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        node: { type: 'string' },
        'set-up': { type: 'boolean', default: false },
        'run-dir': { type: 'string', default: '/run/lvsm' },
        'state-dir': { type: 'string', default: '/var/lib/lvsm' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      process.exit(0)
    }
    const { node = '', 'set-up': setUp } = values
    if (node === '' && !setUp) return fail(2, `--node is missing\n${USAGE}`)
    return { node, setUp, runDir: values['run-dir'], stateDir: values['state-dir'] }
  } catch (error) {
    return fail(2, `${(error as Error).message}\n${USAGE}`)
  }
}

async function prepare(stateDir: string): Promise<void> {
  try {
    say(
      (await setUp(stateDir))
        ? `${stateDir} is set up: this node lent nothing yet`
        : `${stateDir} has a state already; it is kept`,
    )
  } catch (error) {
    fail(1, `cannot set up ${stateDir}: ${(error as Error).message}`)
  }
}

function run({ node, runDir, stateDir }: Options): void {
  if (process.getuid?.() !== 0)
    fail(1, 'must run as root: it owns addresses and nftables (start it with sudo, or as the systemd unit)')
  for (const directory of [runDir, stateDir]) mkdirSync(directory, { recursive: true, mode: 0o750 })
  if (!lockFile(join(runDir, 'lease.lock')))
    fail(1, `another lvsm-lease already runs for ${runDir} (stop it first, or give this one its own --run-dir)`)

  // Before it runs first: this may take a while, and holds up nobody.
  try {
    rehearse(seededRandom(1))
  } catch (error) {
    say(`goes on after a rehearsal that broke off: ${(error as Error).message}`)
  }
  const denied = runFirst()
  if (denied) say(`goes on without a privilege that keeps it punctual: ${denied.message}`)

  const incarnation = randomBytes(16).toString('hex')
  const counters: Record<string, number> = {}
  const count = (reason: string): void => {
    counters[reason] = (counters[reason] ?? 0) + 1
  }
  const state = openState(stateDir, (error) => {
    if (!counters['view-write-failed'])
      say(`cannot keep the view in ${stateDir}: ${error.message}; it is tried again, and failover goes on without it`)
    count('view-write-failed')
  })
  const kernel = kernelOrFail(() => openKernel(boottime))
  const core = createLeaseCore({
    node,
    incarnation,
    random: seededRandom(randomBytes(4).readUInt32BE()),
    startedAt: boottime(),
    state: state.state ?? LOST_STATE,
    kept: state.state !== null,
  })

  let links: UdpLinks | undefined
  let network = ''
  const ipc: IpcServer = serveIpc(join(runDir, 'lease.sock'), {
    heard: (word) => hear(word),
    joined: () => {
      ipc.tell({ kind: 'hello', incarnation, version: VERSION })
      tellStatus()
    },
    count,
    failed: (error) => fail(1, `cannot listen on ${join(runDir, 'lease.sock')}: ${error.message}`),
  })
  const tellStatus = (): void => {
    const status = core.status(boottime())
    const sum = { ...counters }
    for (const [reason, times] of Object.entries(status.counters)) sum[reason] = (sum[reason] ?? 0) + times
    ipc.tell({ kind: 'status', status: { ...status, counters: sum } })
  }
  const news: LeaseEvent[] = []
  const tellNews = (): void => {
    for (const event of news.splice(0)) {
      say(`${event.group}: ${event.kind}${event.number ? ` (lease ${event.number})` : ''}: ${event.reason}`)
      ipc.tell({ kind: 'event', event })
    }
    tellStatus()
  }
  const tellNewsSoon = onceAfter(NEWS_MS, tellNews)
  const pump = startPump(node, incarnation, {
    clock: boottime,
    step: (input, now) => core.step(input, now),
    fence: kernel.fence,
    addresses: kernel.addresses,
    send: (outgoing, recipients) => links?.send(outgoing, recipients),
    alarm: (ring) => createAlarm(boottime, ring),
    persist: (kept, done) => {
      state.save(kept).then(
        () => done(''),
        (error: Error) => {
          if (!counters['state-write-failed'])
            say(`cannot keep state in ${stateDir}: ${error.message}; it is tried again, and failover goes on`)
          count('state-write-failed')
          done(error.message)
        },
      )
    },
    deliver: (from, payload) => ipc.tell({ kind: 'relay', from, payload }),
    event: ({ event }) => {
      news.push(event)
      tellNewsSoon()
    },
    claimed: tellNewsSoon,
    unfenced: (error) =>
      fail(1, `the kernel refused the fence: ${error}; without it this node may own nothing\n  ${FENCE_HINT}`),
    stopped: () => {
      kernel.fence.clear()
      leave(0)
    },
    count,
  })

  /** False when it is refused. */
  const adopt = (view: LeaseView, saved = false): boolean => {
    if (view.node !== node) {
      say(`refused a view of node ${view.node}: this process is ${node}`)
      return false
    }
    const wanted = Buffer.from(encode(viewCodec, { ...view, groups: [], revision: 0 })).toString('base64')
    if (wanted !== network) {
      links?.close()
      let inUse = 0
      const opened = openLinks(view, {
        received: (datagram, link) => pump.feed({ kind: 'datagram', envelope: { ...datagram, link } }),
        count,
        linkFailed: (link, error) => {
          count('link-failed')
          if (error.code === 'EADDRINUSE') inUse += 1
          say(`${linkText(link)}: ${error.message}; ${linkHint(error)}`)
        },
        linkBack: (link) => say(`${linkText(link)}: works now`),
      })
      // At the start nothing has been touched yet. A saved view may be out of date: the reconciler knows better.
      if (!links && inUse > 0 && inUse === view.nodes.find(({ name }) => name === node)?.links.length) {
        if (!saved) fail(1, 'no link of this node can be used: nothing was changed')
        opened.close()
        say('the last view cannot be used: waiting for the reconciler')
        return false
      }
      network = wanted
      links = opened
    }
    const watching: KernelEvents = {
      conflict: (group, mac) => pump.feed({ kind: 'conflict', group, mac }),
      addressLost: (group) => pump.feed({ kind: 'address-lost', group }),
      fenceLost: () => {
        count('fence-restored')
        say('somebody else changed the rule set: the fence is put back')
        pump.feed({ kind: 'fence-lost' })
      },
    }
    kernelOrFail(() => kernel.watch(view.groups, watching))
    pump.feed({ kind: 'view', view })
    return true
  }
  const hear = (word: ToLease): void => {
    if (word.kind !== 'view') pump.feed(word)
    else if (adopt(word.view)) state.saveView(word.view)
  }

  let leaving = false
  const leave = (code: number): void => {
    // The last datagrams are with the kernel already; the reconciler gets its last word.
    tellNews()
    ipc.close()
    pump.stop()
    state.close()
    links?.close()
    setTimeout(() => process.exit(code), 20)
  }
  const stop = (reason: string): void => {
    if (leaving) return
    leaving = true
    say(`${reason}: giving up what this node owns`)
    setTimeout(() => leave(1), STOP_MS)
    pump.feed({ kind: 'stop', reason })
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  // A closed terminal, or the habit to reload, must not end an owner; USR1 would open the debugger of Node.
  process.on('SIGHUP', () => say('SIGHUP: there is nothing to read again; the reconciler brings every view'))
  process.on('SIGUSR1', () => undefined)
  setInterval(tellStatus, STATUS_MS)
  if (state.state === null)
    say(
      `no state in ${stateDir}: if this node is a voter, it is silent for ${LONGEST_TERM_MS / 1000} s, as long as a forgotten lease may live (on a new node, run lvsm-lease --set-up first)`,
    )
  if (state.view) adopt(state.view, true)
  say(
    `${node} runs, incarnation ${incarnation.slice(0, 8)}${state.view && links ? `, revision ${state.view.revision} from its last view` : ', waiting for its view'}`,
  )
}

const FENCE_HINT =
  'it needs nf_tables with the families inet, arp and netdev (modprobe nf_tables; Debian: package linux-image-amd64)'

function kernelOrFail<Value>(ask: () => Value): Value {
  try {
    return ask()
  } catch (error) {
    return fail(1, `the kernel cannot be asked: ${(error as Error).message}\n  ${FENCE_HINT}`)
  }
}

const linkText = ({ name, address, port }: LeaseLink): string => `link ${name} (${address} port ${port})`

const linkHint = (error: NodeJS.ErrnoException): string =>
  error.code === 'EADDRINUSE'
    ? 'another program uses this port: stop it, or give the link another port'
    : error.code === 'EADDRNOTAVAIL'
      ? 'this node has no such address: correct the link, or configure the interface'
      : 'heartbeats on this link are off; it is tried again each second'

const chosen = options()
if (chosen.setUp) await prepare(chosen.stateDir)
else run(chosen)
