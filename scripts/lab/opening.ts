/** From options to a lab that stands: build, boot, networks or cluster, each with its progress. */
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { buildAll } from '../build.ts'
import { boot, consoleTail, hostSocket, type Lab } from './boot.ts'
import { LabError } from './paths.ts'
import { step } from './progress.ts'
import { ask } from './session.ts'
import { Stage } from './stage.ts'
import type { Clustered } from './plan.ts'
import { remember, standing, sweep } from './standing.ts'
import { coresNow, paced, paceFor } from './pace.ts'
import { passTurn, takeTurn } from './turn.ts'
import { checkTopology } from './topology.ts'
import { topologyNamed } from './topologies/index.ts'

export interface LabOptions {
  readonly topology: string
  readonly cluster: Clustered
  readonly host?: boolean
  readonly memory?: number
  /** As slowly as this machine needs just now (`pace.ts`); otherwise as the topology says. */
  readonly paced?: boolean
  /** Stays up when this command ends. */
  readonly stays?: boolean
}

const endings: (() => void)[] = []

/** What every way out of this command does, last first: its end, an error, a signal. */
export function atEnd(end: () => void): void {
  if (endings.length === 0) {
    process.once('exit', finish)
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(name, () => process.exit(128 + constants.signals[name]))
  }
  endings.push(end)
}
function finish(): void {
  for (const end of endings.splice(0).reverse()) end()
}

const hit = (child: ChildProcess): void => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

/** Ends with this command unless it stays. Throws LabError. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { cluster, host = false, stays = false, memory } = options
  const named = topologyNamed(options.topology)
  if (!named) throw new LabError(`there is no topology ${options.topology}`, 'npm run lab -- --help names them', 2)
  if (stays && standing()) throw new LabError('a lab is up already', 'npm run lab -- down')
  const wrong = checkTopology(named)
  if (wrong.length > 0) throw new LabError(wrong.map((one) => `${one.field}: ${one.message}`).join('\n'))
  sweep()
  const free = await takeTurn()
  atEnd(free)
  const { missing } = await step('build', () => buildAll()).catch((error: Error) => {
    throw new LabError(`build failed: ${error.message}`, 'correct the file named above')
  })
  if (missing.length > 0) throw new LabError(`${missing.join(', ')}: no source to build from`)
  const pace = options.paced ? paceFor(await coresNow()) : 1
  if (pace > 1) process.stderr.write(`· other work has this machine: the cluster lives ${pace} times as slowly\n`)
  const topology = paced(named, pace)
  let keep = false
  let started: ChildProcess | undefined
  const lab = await step('boot', () =>
    boot({ topology, cluster, host, stays, pace, ...(memory === undefined ? {} : { memory }) }, (child, dir) => {
      started = child
      atEnd(() => {
        if (keep) return
        hit(child)
        rmSync(hostSocket(dir), { force: true })
        if (!process.env['LVSM_LAB_KEEP']) rmSync(dir, { recursive: true, force: true })
      })
    }),
  )
  const { code, text } = await step(cluster === true || cluster === 'coordinated' ? 'cluster' : 'networks', () =>
    ask(lab.address, lab.token, ['wait']),
  )
  if (code !== 0)
    throw new LabError(
      `${text.trim()}\n${consoleTail(lab.dir, 10)}`,
      'the logs of a lab that is up: npm run lab -- logs NODE',
    )
  if (stays) {
    keep = true
    started?.unref()
    remember(lab)
    passTurn(lab.pid)
  }
  return lab
}

/** The same for whoever directs the lab from outside. */
export const openStage = async (options: LabOptions): Promise<Stage> => new Stage(await openLab(options))

/** Ends this command's labs before its own end. */
export const closeLabs = finish
