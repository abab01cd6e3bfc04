/**
 * Three coordinators as processes, each with a database on a disk of its own and TLS to the others, and a writer who goes to any of them: while one
 * after the other is killed, stands still, has no room left or is cut off, changes go on, and in the end each has every acknowledged revision, once,
 * in order. Longer, with power cuts and a cluster that serves: `lab:revisions`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@lvsm/base'
import { DEFAULTS } from '@lvsm/raft'
import { expect, onTestFinished, test, vi } from 'vitest'
import { documentOf } from '../bench/config/document.ts'
import { leaderOf, type Member, startTrio } from '../bench/config/trio.ts'
import { historyAt } from '../lab/coordinators.ts'
import { planned } from '../lab/fault-plan.ts'
import { lost } from '../lab/kept.ts'
import { Writer } from '../lab/writer.ts'

const SOON = { timeout: 120_000, interval: 50 }
/** Longer than a leader may be silent. */
const LASTS_MS = 2 * DEFAULTS.electionMs
const ROUNDS = 8
const SEED = 7
const DISK_SIZE = '32m'
const NAMES = ['dir1', 'dir2', 'rs1']

/** A disk for each, in a mount namespace that lasts as long as the test; `at`: the way into it from outside. */
async function disksIn(home: string): Promise<{ run: string[]; at: (path: string) => string }> {
  const mounts = NAMES.map((name) => `mount -t tmpfs -o size=${DISK_SIZE},mode=0700 tmpfs '${join(home, name)}'`)
  for (const name of NAMES) mkdirSync(join(home, name), { mode: 0o700 })
  const holder = spawn('unshare', ['--mount', 'sh', '-ec', [...mounts, 'echo', 'exec sleep infinity'].join('\n')])
  onTestFinished(() => void holder.kill())
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'exit').then(() => expect.fail('there are no disks: is this root?')),
  ])
  const process = `/proc/${holder.pid}`
  return { run: ['nsenter', `--mount=${process}/ns/mnt`, '--'], at: (path) => `${process}/root${path}` }
}

interface Hurt {
  readonly name: string
  readonly whom: 'any'
  readonly begin: (member: Member) => Promise<unknown>
  readonly end: (member: Member) => Promise<unknown>
}

/** Everything until nothing more goes onto the disk. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (;;) await file.write(Buffer.alloc(4096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    await file.close()
  }
}

test('what was acknowledged stays, whatever happens to one of three', { timeout: 600_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'lvsm-trio-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const { run, at } = await disksIn(home)
  const all = await startTrio(home, documentOf(2, 2), run)
  onTestFinished(async () => void (await Promise.all(all.map((member) => member.kill()))))
  const ballast = ({ directory }: Member): string => at(join(directory, 'ballast'))
  const signal = async (member: Member, name: NodeJS.Signals): Promise<unknown> => member.child.kill(name)
  const hurts: readonly Hurt[] = [
    {
      ...{ name: 'SIGKILL', whom: 'any' },
      begin: (member) => member.kill(),
      end: (member) => member.again(all.map(({ seed }) => seed)),
    },
    {
      ...{ name: 'SIGSTOP', whom: 'any' },
      begin: (member) => signal(member, 'SIGSTOP'),
      end: (member) => signal(member, 'SIGCONT'),
    },
    {
      ...{ name: 'full disk', whom: 'any' },
      begin: (member) => fill(ballast(member)),
      end: (member) => truncate(ballast(member)),
    },
    {
      ...{ name: 'cut off', whom: 'any' },
      begin: (member) => member.order({ kind: 'cut', off: true }),
      end: (member) => member.order({ kind: 'cut', off: false }),
    },
  ]
  const random = seededRandom(SEED)
  const sockets = all.map(({ socketPath }) => at(socketPath))
  const writer = new Writer('change', { sockets, service: 's0', server: 'r0', timeoutMs: LASTS_MS }, random)
  writer.everyMs = 50
  writer.start()
  const goesOn = async (what: string): Promise<void> => {
    const before = writer.acknowledged.length
    await vi
      .waitUntil(() => writer.acknowledged.length > before + 2, SOON)
      .catch(() => expect.fail(`no change ${what}; seed ${SEED}`))
  }
  await goesOn('before')
  const plan = planned(random, { faults: hurts, rounds: ROUNDS, pairs: false, nodes: NAMES, owner: '' })
  for (const [round, { fault, node }] of plan.flat().entries()) {
    // Each fault hits a leader first, who has the most to lose, and then whomever.
    const member =
      round < hurts.length ? await leaderOf(all) : (all.find(({ name }) => name === node) ?? expect.fail(node))
    await fault.begin(member)
    await sleep(LASTS_MS)
    await goesOn(`in spite of ${fault.name} of ${member.name}`)
    await fault.end(member)
    await goesOn(`after ${fault.name} of ${member.name}`)
  }
  await writer.stop()
  const newest = writer.acknowledged.at(-1)?.revision ?? 0
  const histories = await vi.waitUntil(async () => {
    const found = await Promise.all(sockets.map((socket) => historyAt(socket).catch(() => [])))
    return found.every((history) => (history.at(-1)?.number ?? 0) >= newest) && found
  }, SOON)
  expect(lost(histories || [], writer.acknowledged)).toBeNull()
  expect(writer.acknowledged.length).toBeGreaterThan(10 * ROUNDS)
})
