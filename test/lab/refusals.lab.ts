/** What lvsm refuses: forged datagrams, second processes, faulty files, too few rights. */
import { DAEMON_EXITS } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { attempt, demand, figure, lab, on, owner, type Ran, status, until } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { counters, forge, recorder, sealedNonsense, sendFrom } from './datagrams.ts'
import { seats, served, whole } from './witness.ts'

/** Node, its option, and the bundle: without what a node is told. */
const WORDS = 3
const SCRATCH = process.env['LAB_DIR'] ?? '/tmp'
const configOf = (node: string): string => `/etc/lvsm/${node}.yaml`
const secretOf = (node: string): string =>
  /secret: "?([0-9a-f]{64})/.exec(readFileSync(configOf(node), 'utf8'))?.[1] ?? ''

/** The command line of a running process of a node, as the kernel has it. */
async function commandOf(node: string, name: string): Promise<string[]> {
  const row = (await lab('pids', node)).split('\n').find((line) => line.split('\t')[1] === name)
  const words = readFileSync(`/proc/${row?.split('\t')[2]}/cmdline`, 'utf8')
    .split('\0')
    .filter((word) => word !== '')
  const program = words.findIndex((word) => word.endsWith('.mjs'))
  demand(program === WORDS - 1, `the command line of ${node}'s ${name}: ${words.join(' ')}`)
  return words
}

const refused = ({ code, out, err }: Ran, because: RegExp): void =>
  demand(code !== 0 && code !== 124 && because.test(`${out}\n${err}`), `exit ${code}: ${out}\n${err}`)

async function grows(node: string, reason: string, since: number): Promise<void> {
  await until(async () => ((await counters(node))[reason] ?? 0) > since, 5000, `${node} counts ${reason}`)
}

/** What is from no peer is dropped by the kernel, and the lease process sees nothing of it. */
async function strangersCountFor(target: string, bytes: readonly Uint8Array[]): Promise<void> {
  const dropped = async (): Promise<number> => {
    const rules = await on(target, 'nft list chain inet lvsm-peers link-outside')
    return Number(/packets (\d+) bytes \d+ drop comment "outside: not from a peer"/.exec(rules)?.[1] ?? Number.NaN)
  }
  const [before, seen] = [await dropped(), (await counters(target))['drop-source'] ?? 0]
  await sendFrom('client', target === 'dir1' ? '10.11.0.1' : '10.11.0.2', bytes)
  await until(
    async () => (await dropped()) >= before + bytes.length,
    5000,
    `${target}'s rules drop what a stranger sends`,
  )
  demand(((await counters(target))['drop-source'] ?? 0) === seen, 'the lease process saw none of it')
}

scenario('datagrams that are garbage, old, forged or foreign are counted by reason, and nothing moves', async () => {
  const { from: target, number } = await seats()
  const secret = secretOf(target)
  const wrong = randomBytes(32).toString('hex')
  const good = { cluster: 'lab', keyId: 1, secret, from: 'rs2' }
  const old = forge(good)
  old[0] = 0
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['drop-short', Uint8Array.of(1)],
    ['drop-version', randomBytes(200).fill(0xfe, 0, 1)],
    ['drop-version', old],
    ['drop-key', forge({ ...good, keyId: 9 })],
    ['drop-mac', forge({ ...good, secret: wrong })],
    ['drop-cluster', forge({ ...good, cluster: 'elsewhere' })],
    ['drop-malformed', sealedNonsense(1, secret)],
    ['drop-source', forge({ ...good, from: 'mars' })],
    ['drop-source', forge({ ...good, from: 'rs1' })],
  ]
  const bytes = cases.map(([, datagram]) => datagram)
  const before = await counters(target)
  // Of a peer's address; its lease process has the port, so it is another one that sends.
  await sendFrom('rs2', target === 'dir1' ? '10.11.0.1' : '10.11.0.2', bytes)
  await sendFrom('rs2', target === 'dir1' ? '10.12.0.1' : '10.12.0.2', bytes)
  for (const reason of new Set(cases.map(([name]) => name))) {
    const sent = 2 * cases.filter(([name]) => name === reason).length
    await grows(target, reason, (before[reason] ?? 0) + sent - 1)
  }
  await strangersCountFor(target, bytes)
  const after = await seats()
  demand(after.from === target && after.number === number, `lease ${after.number} of ${after.from}`)
  await served()
})

inSoak('a recorded datagram is refused when it comes again, and after its addressee started anew', async () => {
  const { from, to, number } = await seats()
  const address = to === 'dir1' ? '10.11.0.1' : '10.11.0.2'
  const tape = recorder('rs2-out', address)
  let recorded: Uint8Array[] = []
  try {
    recorded = await until(
      () => {
        recorded.push(...tape.take())
        return recorded.length >= 5 && recorded
      },
      10_000,
      'rs2 speaks',
    )
  } finally {
    tape.close()
  }
  const before = await counters(to)
  await sendFrom('rs2', address, recorded)
  const dropped = (now: Readonly<Record<string, number>>): number =>
    (now['drop-replay'] ?? 0) + (now['drop-copy'] ?? 0) + (now['drop-stale'] ?? 0)
  await until(async () => dropped(await counters(to)) >= dropped(before) + recorded.length, 5000, 'each is counted')
  // A process that forgot everything: the recording is addressed to its former incarnation.
  await lab('crash', to, 'lease')
  await until(() => counters(to), 15_000, 'it runs again')
  await sendFrom('rs2', address, recorded)
  await whole()
  figure('counters after the restart', JSON.stringify(await counters(to)))
  const after = await seats()
  // A voter that restarted answers with the numbers that it had reserved: the owner stays, its number may grow.
  demand(after.from === from && after.number >= number, `lease ${after.number} of ${after.from}`)
})

inSoak('a second agent or lease process for the same directory is refused with a way out', async () => {
  const { to } = await seats()
  for (const name of ['lease', 'agent'] as const) {
    const command = (await commandOf(to, name)).join(' ')
    refused(
      await attempt(`ip netns exec ${to} ${command}`),
      /another lvsm-\w+ already runs in this network namespace \(process \d+.*stop it first/s,
    )
  }
  demand(
    (await status()).nodes.every(({ agent }) => agent),
    'the first ones run on',
  )
})

inSoak(
  "a second lease process with directories of its own is refused too, and changes nothing: not even its node's fence",
  async () => {
    const { from, group, number } = await seats()
    const command = await commandOf(from, 'lease')
    const place = (option: string): number => command.indexOf(option) + 1
    const copies = { '--state-dir': `${SCRATCH}/second-state`, '--run-dir': `${SCRATCH}/second-run` }
    cpSync(command[place('--state-dir')] ?? '', copies['--state-dir'], { recursive: true })
    for (const [option, path] of Object.entries(copies)) command[place(option)] = path
    const fence = `ip netns exec ${from} nft list tables`
    const before = await attempt(fence)
    const ran = await attempt(`ip netns exec ${from} ${command.join(' ')}`)
    refused(ran, /another lvsm-lease already runs in this network namespace/)
    demand(ran.code === DAEMON_EXITS.world.code, `exit ${ran.code}`)
    demand(!existsSync(copies['--run-dir']), 'it made nothing')
    demand((await attempt(fence)).out === before.out, 'the tables are the same')
    const after = await seats()
    demand(after.from === from && after.number >= number, `${group}: lease ${after.number} of ${after.from}`)
    await served()
  },
)

inSoak('without root both are refused, and say how to start them', async () => {
  const { to } = await seats()
  const file = `${SCRATCH}/readable.yaml`
  writeFileSync(file, readFileSync(configOf(to)))
  chmodSync(file, 0o644)
  const nobody = `ip netns exec ${to} setpriv --reuid=65534 --clear-groups`
  for (const name of ['lease', 'agent'] as const) {
    const command = (await commandOf(to, name)).join(' ').replace(configOf(to), file)
    refused(await attempt(`${nobody} ${command}`), /root/)
  }
})

inSoak('a process whose kernel refuses to be asked ends with a way out', async () => {
  const { to } = await seats()
  const program = (await commandOf(to, 'lease')).slice(0, WORDS).join(' ')
  const state = `${SCRATCH}/fenceless`
  cpSync(`/var/lib/lvsm/${to}`, state, { recursive: true })
  // Root without rights over this network: nf_tables says no to whatever it asks.
  const ran = await attempt(
    `ip netns exec client unshare --user --map-root-user ${program} --node ${to} --run-dir ${state} --state-dir ${state}`,
  )
  refused(ran, /the kernel cannot be asked: .*EPERM.*\n.*nf_tables/s)
  const agent = (await commandOf('rs1', 'agent')).slice(0, WORDS).join(' ')
  const elsewhere = `--config ${configOf('rs1')} --node rs1 --run-dir ${state} --state-dir ${state}`
  const second = await attempt(`ip netns exec client unshare --user --map-root-user ${agent} ${elsewhere}`)
  refused(second, /the kernel cannot be asked: .*EPERM.*\n.*nf_tables/s)
})

inSoak('lvsm-agent --check names every fault of a file with its line', async () => {
  const program = (await commandOf((await seats()).to, 'agent')).slice(0, WORDS).join(' ')
  const file = `${SCRATCH}/faulty.yaml`
  const lines = readFileSync(configOf('dir1'), 'utf8').split('\n')
  const spoil = (pattern: RegExp, by: string): number => {
    const at = lines.findIndex((line) => pattern.test(line))
    demand(at >= 0, `a line like ${pattern} in ${lines.join('\n')}`)
    lines[at] = (lines[at] ?? '').replace(pattern, by)
    return at + 1
  }
  const spoilt = [
    spoil(/^revision: .*/, 'revision: many'),
    spoil(/scheduler: wrr/, 'scheduler: wheel'),
    spoil(/address: 10\.11\.0\.12/, 'address: 10.11.0.512'),
    spoil(/weight: 1/, 'weight: -1'),
  ]
  writeFileSync(file, lines.join('\n'), { mode: 0o600 })
  const { code, out, err } = await attempt(`${program} --config ${file} --check`)
  demand(code === DAEMON_EXITS.refused.code, `exit ${code}: ${out}\n${err}`)
  for (const line of spoilt) demand(`${out}\n${err}`.includes(`${file}:${line}:`), `line ${line}: ${out}\n${err}`)
  const whole = await attempt(`${program} --config ${configOf('dir1')} --check`)
  demand(whole.code === 0, `a good file: ${whole.err}`)
  const stranger = await attempt(`${program} --config ${configOf('dir1')} --node mars --check`)
  demand(
    stranger.code === DAEMON_EXITS.refused.code && stranger.err.includes('there is no node "mars"'),
    `a stranger: ${stranger.err}`,
  )
})

inSoak('a switchover to what is not there is refused with exit 1 and a way out, and moves nothing', async () => {
  const { group, from, number } = await seats()
  for (const line of [
    `lvsm switchover ${group} mars`,
    'lvsm switchover no-such-group',
    `lvsm switchover ${group} rs1`,
    `lvsm switchover ${group} client`,
  ]) {
    const { code, err } = await attempt(line)
    demand(code === 1 && err.includes('→'), `${line}: exit ${code}: ${err}`)
  }
  demand((await owner()) === from && (await seats()).number === number, 'nothing moved')
  await served()
})
