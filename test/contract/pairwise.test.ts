/**
 * Heartbeat keys of a cluster as operators make it: only two nodes have each, they change while everything runs, and no secret is
 * where anybody but its process looks.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { decodeOwnHalves, OWN_HALVES, type PairKeys } from '@lvsm/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'
import { endHome, ethernet, Machine, makeHome, says, SLOW_MS, tokenOf } from '../kit/machines.ts'

/** A cluster from nothing is a dozen processes one after the other; so is all that it can be asked for. */
const LONG_MS = 400_000
let home = ''
let standing: Standing
beforeAll(async () => {
  home = makeHome('pairwise')
  standing = await cluster()
  await eventually(() => demandPairs(standing.machines), SLOW_MS)
  await eventually(() => demandAlive(standing.machines), SLOW_MS)
}, LONG_MS)
afterAll(() => endHome(home))

interface Standing {
  readonly machines: readonly Machine[]
  readonly daemons: readonly Started[]
  readonly tokens: readonly string[]
}
/** Two directors, the first of which began it, and a realserver that does not vote; everything runs. */
async function cluster(): Promise<Standing> {
  const machines = ['dir1', 'dir2', 'rs1'].map((name, at) => new Machine(home, name, `10.10.0.${at + 1}`))
  const [dir1, dir2, rs1] = machines as [Machine, Machine, Machine]
  await ethernet(home, ...machines)
  await dir1.setUp('init', '--cluster', 'lab')
  const first = dir1.coordinate()
  await says(first, /leads the coordinators/)
  const tokens = [tokenOf(await dir1.lvsm('token', 'create', '--uses', '2'))]
  await dir2.setUp('join', tokens[0] ?? '', '--role', 'director')
  await rs1.setUp('join', tokens[0] ?? '', '--role', 'realserver')
  const daemons = [first, dir2.coordinate()]
  for (const machine of machines) daemons.push(machine.start('lvsm-lease'), machine.start('lvsm-agent'))
  return { machines, daemons, tokens }
}

const pairOf = (machine: Machine, peer: string): PairKeys | undefined =>
  machine.view()?.nodes.find(({ name }) => name === peer)?.pair
/** Every pair has the same one key on both, and nothing else counts. */
function demandPairs(machines: readonly Machine[]): string {
  const secrets = machines.flatMap((one) =>
    machines
      .filter((other) => other !== one)
      .map((other) => {
        const [mine, theirs] = [pairOf(one, other.name), pairOf(other, one.name)]
        expect(mine).toBeDefined()
        expect(mine).toEqual(theirs)
        expect(mine).toMatchObject({ shared: false, signWith: mine?.keys[0]?.id })
        expect(mine?.keys).toHaveLength(1)
        return mine?.keys[0]?.secret ?? ''
      }),
  )
  expect(new Set(secrets).size).toBe((machines.length * (machines.length - 1)) / 2)
  return [...secrets].sort().join()
}
async function demandAlive(machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) {
    const { peers } = await machine.status()
    expect(peers.map(({ life }) => life)).toEqual(machines.slice(1).map(() => 'alive'))
  }
}
/** What was signed with a key that its receiver does not have, or with another one. */
async function unread(machines: readonly Machine[]): Promise<number[]> {
  const all = await Promise.all(machines.map((machine) => machine.status()))
  return all.map(({ counters }) => (counters['drop-key'] ?? 0) + (counters['drop-mac'] ?? 0))
}

test(
  'each pair has a key; one node’s is changed, nobody loses a beat by it, and the old one is gone',
  async () => {
    const { machines } = standing
    const rs1 = machines[2] ?? expect.fail()
    const halves = () => decodeOwnHalves(readFileSync(rs1.at('state', OWN_HALVES), 'utf8')) ?? []
    const [old] = halves()
    const [before, dropped] = [demandPairs(machines), await unread(machines)]
    expect(await rs1.lvsm('rekey', '--state-dir', rs1.at('state'))).toMatch(/a new heartbeat key is made/)
    await eventually(async () => {
      // While it goes on, too.
      await demandAlive(machines)
      expect(demandPairs(machines)).not.toBe(before)
    }, SLOW_MS)
    expect(await unread(machines)).toEqual(dropped)
    await eventually(() => expect(halves()).toHaveLength(1), SLOW_MS)
    expect(halves()[0]).not.toEqual(old)
  },
  LONG_MS,
)

/** Of each secret, as whoever prints it might spell it. */
const spelled = (digits: string): string[] => {
  const bytes = Buffer.from(digits, 'hex')
  return [digits, bytes.toString('base64'), bytes.toString('base64url')].map((text) => text.toLowerCase())
}
/** A line in the middle of a private key's text. */
const lineOf = (pem: string): string =>
  (pem.match(/PRIVATE KEY-----\s*([\w+/=]{40,})/)?.[1] ?? expect.fail()).toLowerCase()

function secretsOf({ machines, tokens }: Standing): string[] {
  const [founder] = machines
  const text = (machine: Machine | undefined, ...names: string[]): string =>
    readFileSync(machine?.at(...names) ?? '', 'utf8')
  const shared = text(founder, 'etc', 'heartbeat.key').trim()
  const halves = machines.flatMap((machine) => decodeOwnHalves(text(machine, 'state', OWN_HALVES)) ?? [])
  const pairs = machines.flatMap((machine) => machine.view()?.nodes.flatMap(({ pair }) => pair?.keys ?? []) ?? [])
  const digits = [shared, ...halves.map((half) => half.private), ...pairs.map(({ secret }) => secret)]
  const identities = machines.map((machine) => String(JSON.parse(text(machine, 'state', 'node.json')).privateKey))
  const pems = [...identities, text(founder, 'coordinator', 'node.key'), text(founder, 'coordinator', 'authority.key')]
  return [...digits.flatMap(spelled), ...pems.map(lineOf), ...tokens.map((token) => token.toLowerCase())]
}

/** Everything that says something to somebody, by where it stands. */
async function walk({ machines, daemons }: Standing): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const commands = [
    'config show',
    'config show -o json',
    'config export',
    'config history',
    'config history -o json',
    'config diff 1 -o json',
    'coordinators -o json',
    'token list -o json',
    'audit',
    'intents -o json',
    'status -o json',
    'events -o json',
  ]
  const [dir1] = machines
  await Promise.all(
    commands.map(async (command) => found.set(`lvsm ${command}`, await said(dir1 ?? expect.fail(), command))),
  )
  for (const [at, daemon] of daemons.entries()) found.set(`log of daemon ${at}`, daemon.said())
  for (const machine of machines) {
    // What the feed brought, as the agent keeps it.
    const kept = readdirSync(machine.at('state')).filter((name) => /^(?:followed|coordinators)/.test(name))
    expect(kept).toEqual(expect.arrayContaining(['followed.yaml', 'followed-keys.json', 'coordinators.json']))
    for (const name of kept) found.set(`${machine.name} ${name}`, readFileSync(machine.at('state', name), 'utf8'))
  }
  for (const name of readdirSync(dir1?.at('coordinator') ?? '').filter((one) => one.startsWith('coordinator.db')))
    found.set(name, readFileSync(dir1?.at('coordinator', name) ?? '', 'latin1'))
  return found
}
/** A difference is no failure, and a wrong command line is no answer. */
async function said(machine: Machine, command: string): Promise<string> {
  const { code, out } = await machine.asked(...command.split(' '))
  expect([command, code, out]).toEqual([command, expect.toBeOneOf([0, 1]), expect.stringMatching(/^(?!lvsm: )[^]+/)])
  return out
}

test(
  'no secret is in what anybody is shown, in what is kept for others, or in a log; its own files are for root alone',
  async () => {
    const { machines } = standing
    const [dir1] = machines
    await dir1?.lvsm('node', 'set', 'rs1', 'coordinator=true', '--yes', '--no-wait', '-m', 'may vote')
    const secrets = secretsOf(standing)
    expect(secrets.length).toBeGreaterThan(30)
    for (const [where, text] of await walk(standing))
      for (const secret of secrets) expect(text.toLowerCase().includes(secret), `a secret in ${where}`).toBe(false)
    // The search finds what is there.
    const own = readFileSync(dir1?.at('state', OWN_HALVES) ?? '', 'utf8').toLowerCase()
    expect(secrets.some((secret) => own.includes(secret))).toBe(true)
    for (const machine of machines)
      for (const name of [OWN_HALVES, 'node.json', 'lease.view'])
        expect([name, statSync(machine.at('state', name)).mode & 0o077]).toEqual([name, 0])
  },
  LONG_MS,
)
