import { constants, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { labDir } from '../places.ts'
import { readPlan } from '../plan.ts'
import { clusterNodes, type LabNode } from '../topology.ts'
import { command } from './command.ts'
import { listenOn, perform } from './control.ts'
import { Coordinated } from './coordinated.ts'
import { Disks } from './disks.ts'
import { Supervisor } from './processes.ts'
import { clusterServes, clusterSettles, networkStands, startCluster } from './readiness.ts'
import { logs, type Verb, verbsOf } from './verbs.ts'

/** Milliseconds until a cluster has to serve; a machine of its own needs 45 seconds. */
const patience = 400_000

const plan = readPlan(readFileSync(process.argv[2] as string, 'utf8'))
const supervisor = new Supervisor(plan.env)
const disks = new Disks()
const coordinated = new Coordinated(plan, supervisor, disks)

function lay(): void {
  for (const dir of plan.directories) mkdirSync(dir, { recursive: true })
  for (const { path, text } of plan.files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: path.includes('/bin/') ? 0o755 : path.startsWith('/etc/') ? 0o600 : 0o644 })
  }
}

/** Beside the networks, which take longer. */
async function setUpNodes(): Promise<void> {
  for (const { code, text } of await Promise.all(plan.setUp.map((argv) => command(argv))))
    if (code !== 0) throw new Error(`a node cannot be set up: ${text.trim()}`)
}

async function begin(): Promise<string> {
  await Promise.all([networkStands(labDir), setUpNodes()])
  for (const service of plan.services) supervisor.add(service)
  for (const { node, name } of plan.services) if (name === 'web') supervisor.start(node, name)
  if (plan.cluster === 'coordinated') return serve(() => coordinated.begin())
  return plan.cluster === true ? serve() : 'the networks stand'
}

/** Restarts after which a process is taken to be broken. */
const tooMany = 6

function crashing(): string | undefined {
  const row = supervisor.rows().find(({ restarts }) => restarts >= tooMany)
  return row && `${row.name} of ${row.node}`
}

/** lvsm on every node that is in; resolves when the client is served, rejects with the ends of the logs when it is not. */
async function serve(enter: () => Promise<LabNode[]> = async () => clusterNodes(plan.topology)): Promise<string> {
  const { topology } = plan
  const began = Date.now()
  try {
    const nodes = await enter()
    await startCluster(nodes, (node, name) => supervisor.start(node, name))
    await clusterServes(topology, { patience, crashing })
    await clusterSettles(nodes)
    return `the cluster serves after ${((Date.now() - began) / 1000).toFixed(1)} s`
  } catch (error) {
    const tails = clusterNodes(topology).map(({ name }) => logs(supervisor, name, 'all', 12))
    throw new Error([(error as Error).message, ...tails].join('\n'))
  }
}

/** The `lab` command inside writes a line of words; its answer goes to the pipe that the line names. */
function listen(verbs: ReadonlyMap<string, Verb>): void {
  const pipe = new Socket({
    fd: openSync(`${labDir}/ask`, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
  let rest = ''
  pipe.on('data', (bytes) => {
    const lines = (rest + bytes.toString()).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      const [answer, ...words] = line.split('\u001f')
      void perform(verbs, words).then(async ({ code, text }) => {
        const file = await open(answer as string, 'w')
        await unlink(answer as string)
        await file.write(`${code}\n${text}`)
        await file.close()
      })
    }
  })
}

lay()
const made = await command(['mkfifo', '-m', '600', `${labDir}/ask`])
if (made.code !== 0) throw new Error(made.text)
const standing = begin()
standing.catch(() => {})
const verbs = verbsOf(plan.topology, supervisor, {
  disks,
  standing: () => standing,
  startCluster: () => serve(),
  coordinate: () => serve(() => coordinated.begin()),
  join: (node) => coordinated.join(node),
  wipe: (node) => coordinated.wipe(node),
})
const doing = { verbs, env: plan.env, nodes: plan.topology.nodes.map(({ name }) => name) }
listen(verbs)
listenOn({ ...doing, token: undefined }).listen(`${labDir}/control.sock`)
listenOn({ ...doing, token: plan.token }).listen(
  'port' in plan.listen ? plan.listen : { path: plan.listen.path },
  () => {
    process.stdout.write(`lab: listening at ${(Number(process.hrtime.bigint()) / 1e9).toFixed(1)} s\n`)
  },
)
