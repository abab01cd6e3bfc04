// lab: long=yes
/** What a node keeps on disk, lost or damaged: its vote is silent for half a minute, it says so, and nothing else suffers. */
import { type NodeTrouble } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { demand, figure, lab, owner, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { seats, served, whole } from './witness.ts'

/** T_MAX with its drift, and what the emulated guest needs to say so. */
const QUARANTINE_MS = 30_100
const OVER_MS = QUARANTINE_MS + 10_000
/** What the agent has heard of its lease process is up to a second old, and an answer may take seconds in a busy guest. */
const STALE_MS = 4000

const spoilFiles: readonly (readonly [string, (path: string) => void])[] = [
  ['half-written', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ['overwritten', (path) => writeFileSync(path, randomBytes(64))],
  ['missing', (path) => rmSync(path)],
]

/** As any node with quorum shows it, or one that is asked. */
const lostState = async (node: string, asked?: string): Promise<NodeTrouble | undefined> =>
  (await status(asked)).troubles.find((trouble) => trouble.node === node && trouble.code === 'state-lost')

/** Ends a node, spoils all that it kept, and starts it again. */
async function startSpoilt(node: string, spoil: (path: string) => void): Promise<readonly string[]> {
  await lab('kill', node, 'all')
  const folder = `/var/lib/lvsm/${node}`
  const files = readdirSync(folder)
  demand(files.includes('lease.state'), `the state of ${node} among ${files.join(', ')}`)
  for (const name of files) spoil(`${folder}/${name}`)
  await lab('start', node, 'all')
  return files
}

const standsBy = (node: string): Promise<unknown> =>
  until(
    async () => (await status(node)).nodes.some(({ name, state }) => name === node && state === 'standby'),
    30_000,
    `${node} stands by`,
  )

scenario('a node that was set up votes as soon as it has started again', async () => {
  await whole()
  const { to } = await seats()
  await lab('crash', to, 'all')
  await standsBy(to)
  demand((await lostState(to)) === undefined, `${to} found its state`)
})

scenario(
  'state files that are half-written, overwritten or missing never stop a node: its vote is silent, and it says so',
  async () => {
    const { from, to, number } = await seats()
    const log = `/var/log/lvsm/${to}/lease.log`
    const lose = async (what: string, spoil: (path: string) => void): Promise<void> => {
      const logged = statSync(log).size
      const began = performance.now()
      const files = await startSpoilt(to, spoil)
      await standsBy(to)
      figure(`${to} stands by, files ${what} (${files.join(', ')})`, `${(performance.now() - began).toFixed(0)} ms`)
      const said = readFileSync(log, 'utf8').slice(logged)
      demand(/no state in \S+: if this node is a voter, it is silent for 30 s/.test(said), `the log: ${said}`)
      const trouble = await until(() => lostState(to), 10_000, `${what}: a trouble of ${to}`)
      figure(`files ${what}`, JSON.stringify(trouble))
      const { leftMs = 0 } = trouble
      demand(leftMs > 0 && leftMs <= QUARANTINE_MS, `time left: ${leftMs} ms`)
    }
    for (const [what, spoil] of spoilFiles) await lose(what, spoil)
    await served()
    const after = await seats()
    // A voter that restarted answers with the numbers that it had reserved: the owner stays, its number may grow.
    demand(after.from === from && after.number >= number, `lease ${after.number} of ${after.from}`)
  },
)

scenario(
  'while one vote is silent all others are needed; after half a minute it votes, and the trouble is over',
  async () => {
    const { from, to } = await seats()
    const trouble = await until(() => lostState(to, to), 5000, `${to} is still silent`)
    const began = performance.now()
    await lab('stop', 'rs1', 'lease')
    await until(async () => (await status(from)).groups[0]?.owner === null, 10_000, 'one vote of three owns nothing')
    demand((await status(to)).groups[0]?.owner === null, 'and nobody else owns the group')
    await lab('start', 'rs1', 'lease')
    await until(owner, 20_000, 'somebody owns the group again, with two votes')
    await until(async () => (await lostState(to)) === undefined, OVER_MS, 'the trouble is over')
    const took = performance.now() - began
    figure('the trouble was over after', `${took.toFixed(0)} ms, announced ${trouble.leftMs} ms`)
    demand(took > (trouble.leftMs ?? 0) - STALE_MS, `over after ${took.toFixed(0)} ms already`)
    await served()
    await whole()
  },
)
