/** Witnesses of tunnelled packets: counters of nftables, the devices as `ip` tells of them, and uploads that fill every segment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { attempt, demand, figure, lab, on, until, VIP } from './harness.ts'

/** The inside address of a director: the source that it has towards the realservers of this topology. */
export const remoteOf = (director: string): string => `10.12.0.${director.slice(-1)}`
export const OUTSIDE = { rs1: '10.11.0.11', rs2: '10.11.0.12' } as const

interface Counter {
  readonly node: string
  readonly what: string
  /** What of it is counted before anybody else sees it. */
  readonly rule: string
}

/** Counts from now on; the returned function gives `NODE WHAT` → packets, and ends it. */
export async function counted(counters: readonly Counter[]): Promise<() => Promise<Record<string, number>>> {
  const nodes = [...new Set(counters.map(({ node }) => node))]
  const of = (node: string): readonly Counter[] => counters.filter((one) => one.node === node)
  await Promise.all(
    nodes.map((node) => {
      const lines = of(node).map(({ rule }) => `${rule} counter`)
      const chain = `chain seen { type filter hook prerouting priority -350; ${lines.join('; ')}; }`
      return on(node, `nft 'table inet witness { ${chain}; }'`)
    }),
  )
  return async () => {
    const counts = nodes.map(async (node) => {
      const text = await on(node, 'nft list table inet witness && nft delete table inet witness')
      const packets = [...text.matchAll(/counter packets (\d+)/g)].map(([, number]) => Number(number))
      return of(node).map(({ what }, at) => [`${node} ${what}`, packets[at] ?? Number.NaN] as const)
    })
    return Object.fromEntries((await Promise.all(counts)).flat())
  }
}

interface Device {
  readonly name: string
  readonly kind: string
  readonly remote: string | null
  readonly note: string
  readonly up: boolean
}

const KINDS: ReadonlySet<string> = new Set(['ipip', 'gre', 'ip6tnl', 'ip6gre'])
const OF_THE_KERNEL: ReadonlySet<string> = new Set(['tunl0', 'gre0', 'ip6tnl0', 'ip6gre0'])

/** Tunnels of a node by `ip -d -j link`, without those that the kernel makes itself. */
export async function devices(node: string): Promise<Device[]> {
  const links = JSON.parse(await on(node, 'ip -d -j link show')) as {
    ifname: string
    ifalias?: string
    flags: string[]
    linkinfo?: { info_kind?: string; info_data?: { remote?: string } }
  }[]
  return links.flatMap(({ ifname: name, ifalias: note = '', flags, linkinfo }) => {
    const kind = linkinfo?.info_kind ?? ''
    if (!KINDS.has(kind) || OF_THE_KERNEL.has(name)) return []
    const remote = linkinfo?.info_data?.remote ?? 'any'
    return [{ name, kind, remote: remote === 'any' ? null : remote, note, up: flags.includes('UP') }]
  })
}

const PORT = 9000
const BYTES = 300_000
/** A client whose segments are lost sends them again and again; the quickest of them come through in a moment. */
const HANGS_MS = 8000
const SINK = `require('node:net').createServer({ allowHalfOpen: true }, (caller) => {
  let bytes = 0
  caller.on('data', (part) => { bytes += part.length }).on('end', () => caller.end(process.argv[1] + ' ' + bytes)).on('error', () => {})
}).listen(${PORT}, '::', () => console.log('ready'))`
const sender = (vip: string): string => `const socket = require('node:net').connect({ host: '${vip}', port: ${PORT} })
let said = ''
socket.on('data', (part) => { said += part }).on('close', () => { console.log(said); process.exit() }).on('error', () => {})
socket.end(Buffer.alloc(${BYTES}, 7))
setTimeout(() => { console.log('hung'); process.exit() }, ${HANGS_MS})`

async function inNode(node: string, script: string, ...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', node, process.execPath, '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve)
    child.once('close', () => reject(new Error(`what listens on ${node} ended`)))
  })
  return child
}

export interface Uploads {
  /** Milliseconds until this realserver had all of it; null: the upload hung. */
  upload(node: string): Promise<number | null>
}

const REALSERVERS = ['rs1', 'rs2'] as const
const REPAIR_MS = 10_000

/** While the agents of the realservers cannot put it back, uploads hang without the clamp of the segments' size; with it they pass again. */
export async function hangsWithoutClamp({ upload }: Uploads): Promise<void> {
  const both = async (): Promise<(number | null)[]> => [await upload('rs1'), await upload('rs2')]
  for (const node of REALSERVERS) await lab('freeze', node, 'agent')
  for (const node of REALSERVERS) await on(node, 'nft flush chain inet lvsm-nat clamp-mss')
  const without = await both()
  for (const node of REALSERVERS) await lab('thaw', node, 'agent')
  figure('uploads without the clamp', JSON.stringify(without))
  demand(
    without.every((took) => took === null),
    'without the clamp they hang: else this shows nothing',
  )
  for (const node of REALSERVERS)
    await until(
      async () => (await on(node, 'nft list table inet lvsm-nat')).includes('maxseg size set'),
      REPAIR_MS,
      `${node} clamps again`,
    )
  const again = await both()
  demand(!again.includes(null), `they pass again: ${JSON.stringify(again)}`)
}

/** Listeners on both realservers, and a client that no ICMP reaches. */
export async function uploading(work: (uploads: Uploads) => Promise<void>, vip: string = VIP): Promise<void> {
  const sinks = [await inNode('rs1', SINK, 'rs1'), await inNode('rs2', SINK, 'rs2')]
  await on(
    'client',
    "nft 'table inet deaf { chain in { type filter hook input priority 0; icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }; }'",
  )
  const weights: Readonly<Record<string, string>> = { rs1: '10.12.0.11', rs2: '10.12.0.12' }
  try {
    await work({
      async upload(node) {
        // One of the two alone has the port, so that it is this one that is asked.
        const others = Object.keys(weights).filter((name) => name !== node)
        for (let turn = 0; turn < 2; turn++) {
          const began = performance.now()
          const { out } = await attempt(
            `ip netns exec client ${process.execPath} -e "${sender(vip).replaceAll('\n', ';')}"`,
          )
          const took = performance.now() - began
          if (out === `${node} ${BYTES}`) return took
          if (out === 'hung') return null
          demand(
            others.some((other) => out === `${other} ${BYTES}`),
            `the upload said ${JSON.stringify(out)}`,
          )
        }
        throw new Error(`two uploads in a row did not reach ${node}`)
      },
    })
  } finally {
    await on('client', 'nft delete table inet deaf')
    for (const sink of sinks) sink.kill('SIGKILL')
  }
}
