/** Pools of realservers with every option that a verdict hangs on, drawn by chance, and the file that says so. */
import { type Random, randomBetween } from '@lvsm/base'
import { checkConfig, type Config } from '@lvsm/model'

export interface DraftServer {
  readonly node: string
  readonly address: string
  readonly weight: number
  readonly backup: boolean
  /** It serves all the time. */
  readonly steady: boolean
}
export interface DraftPool {
  readonly name: string
  readonly port: number
  /** Its program says a weight, too. */
  readonly says: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly fastMs: number
  readonly downMs: number
  readonly fall: number
  readonly rise: number
  /** Per cent. */
  readonly jitter: number
  readonly cap: number
  readonly panic: number
  readonly holdMs: number
  readonly slowMs: number
  readonly keepLast: boolean
  readonly servers: readonly DraftServer[]
}

const NODES = ['rs1', 'rs2', 'rs3', 'rs4', 'rs5', 'rs6'] as const
const PORT = 8000
const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
export const DIRECTOR = 'dir1'
export const GROUP = 'web'
export const VIP = '10.11.0.20'
export const PING_NODE = '10.11.0.100'

const of = <T>(list: readonly [T, ...T[]], random: Random): T =>
  list[Math.floor(random.next() * list.length)] ?? list[0]

function draftPool(at: number, random: Random): DraftPool {
  const intervalMs = of([500, 1000, 2000], random)
  const servers = NODES.slice(0, 2 + Math.floor(random.next() * (NODES.length - 1)))
  // A third of all pools have one that serves all the time, so that others may be held out.
  const spared = random.next() < 0.4
  const backup = servers.length > 2 && random.next() < 0.25
  return {
    name: `pool${at}`,
    port: PORT + at,
    says: random.next() < 0.25,
    intervalMs,
    timeoutMs: Math.round(intervalMs * of([0.2, 0.5, 1], random)),
    fastMs: of([200, 500, intervalMs], random),
    downMs: of([intervalMs, 3 * intervalMs], random),
    fall: of([1, 2, 3, 5], random),
    rise: of([1, 2, 3], random),
    jitter: of([0, 10, 50], random),
    cap: of([100, 100, 30, 50], random),
    panic: of([0, 0, 40, 70], random),
    holdMs: of([0, 5000, 30_000], random),
    slowMs: of([0, 0, 20_000], random),
    keepLast: random.next() < 0.85,
    servers: servers.map((node, index) => ({
      node,
      address: `10.11.0.${11 + index}`,
      weight: of([1, 1, 10, 100], random),
      backup: backup && index === servers.length - 1,
      steady: spared && index === 0,
    })),
  }
}

/** Three pools. */
export const draftPools = (random: Random): readonly DraftPool[] => [1, 2, 3].map((at) => draftPool(at, random))

function poolLines(pool: DraftPool): string[] {
  const { says, intervalMs, timeoutMs, fastMs, downMs, fall, rise, jitter, cap, panic, holdMs, slowMs, keepLast } = pool
  const asks = says ? 'type: script, command: [/bin/true], contract: keepalived, dynamic-weight: true' : 'type: tcp'
  const pace = `interval: ${intervalMs}ms, timeout: ${timeoutMs}ms, fast-interval: ${fastMs}ms, down-interval: ${downMs}ms, jitter: ${jitter}`
  const verdict = `fall: ${fall}, rise: ${rise}, keep-last: ${keepLast}, max-ejection: ${cap}, panic: ${panic}`
  const longer = `${holdMs > 0 ? `, flap-hold: ${holdMs}ms` : ''}${slowMs > 0 ? `, slow-start: ${slowMs}ms` : ''}`
  return [
    `  - name: ${pool.name}`,
    `    group: ${GROUP}`,
    `    address: ${VIP}`,
    `    port: ${pool.port}`,
    '    protocol: tcp',
    '    scheduler: wrr',
    `    check: { ${asks}, ${pace}, ${verdict}${longer} }`,
    '    realservers:',
    ...pool.servers.map(
      ({ node, address, weight, backup }) =>
        `      - { node: ${node}, address: ${address}, forward: dr, weight: ${weight}, backup: ${backup} }`,
    ),
  ]
}

export function configOf(pools: readonly DraftPool[]): Config {
  const nodeLine = (name: string, role: string, voter: boolean, host: number): string =>
    `  - { name: ${name}, roles: [${role}], voter: ${voter}, links: [{ name: outside, address: 10.11.0.${host} }] }`
  const lines = [
    'cluster: sim',
    'revision: 1',
    'keys:',
    `  - { id: 1, algorithm: sha256, secret: "${KEY}" }`,
    'sign-with: 1',
    'nodes:',
    nodeLine(DIRECTOR, 'director', true, 1),
    nodeLine('dir2', 'director', true, 2),
    ...NODES.map((name, at) => nodeLine(name, 'realserver', at === 0, 11 + at)),
    'groups:',
    `  - { name: ${GROUP}, directors: [${DIRECTOR}, dir2], vips: [${VIP}/24], ping: [${PING_NODE}] }`,
    'services:',
    ...pools.flatMap(poolLines),
  ]
  const { config, refusals } = checkConfig(lines.join('\n'))
  if (!config) throw new Error(`a draft is no configuration: ${JSON.stringify(refusals)}`)
  return config
}

/** Milliseconds. */
export const lifeOf = (random: Random): number => Math.round(randomBetween(random, 100_000, 300_000))
