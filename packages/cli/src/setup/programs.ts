/** The daemons of this machine: one that is run to its end, and the units that are started. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Failure } from '../failure.ts'
import { DEFAULT_SOCKET } from '../sockets.ts'
import { type Terminal, withProgress } from '../terminal.ts'

interface Ended {
  readonly code: number | null
  readonly said: string
}

/** `input`: what it reads from standard input. */
function run(program: string, words: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    child.once('error', reject)
    // One that reads nothing may be gone before it was written.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.once('close', (code) => resolve({ code, said }))
  })
}

const absent = (program: string): Failure =>
  new Failure('refused', `${program} is not installed on this machine`, 'install the package lvsm, or put it into PATH')

/** To its end. What it says is told only where it fails. */
export async function runDaemon(
  program: 'lvsm-agent' | 'lvsm-coordinator' | 'lvsm-lease',
  words: readonly string[],
  input?: string,
): Promise<void> {
  const { code, said } = await run(program, words, input).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? absent(program) : error
  })
  if (code === 0) return
  const [first = `it ended with exit code ${code}`, ...rest] = said.trim().split('\n')
  throw new Failure('refused', `${program}: ${first}`, rest.join('\n').replace(/^\s*→\s*/, '') || 'its words are above')
}

/** Nothing was lent here before: the node's voter need not wait for the end of leases that it may have forgotten. */
export async function setUpLease(stateDir: string, terminal: Terminal): Promise<void> {
  try {
    await runDaemon('lvsm-lease', ['--set-up', '--state-dir', stateDir])
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    terminal.complain(`warning: ${error.message}\n  → ${error.hint}\n`)
  }
}

/** What the agent has in the kernel goes, and its settings are as before: while what it remembers of them is there. False: something stays, and it was said what. */
export async function takeBack(stateDir: string, terminal: Terminal): Promise<boolean> {
  try {
    await runDaemon('lvsm-agent', ['--give-back', '--state-dir', stateDir])
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    terminal.complain(
      `warning: not all that lvsm has in the kernel could be taken back: ${error.message}\n  → ${error.hint}\n`,
    )
    return false
  }
}

/** Who looks right after this finds it there, or what its log says. */
async function untilThere(path: string): Promise<void> {
  const deadline = performance.now() + START_MS
  while (!existsSync(path) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
}
const START_MS = 15_000

const isSystemd = (): boolean => existsSync('/run/systemd/system')

/** Where no systemd runs, or nothing is to be stopped, whoever started them stops them. */
export async function stopUnits(units: readonly string[], stop: boolean, terminal: Terminal): Promise<void> {
  if (!stop || !isSystemd()) return
  const words = ['disable', '--now', ...units]
  const { code, said } = await run('systemctl', words)
  if (code !== 0)
    throw new Failure('refused', `systemctl ${words.join(' ')}: ${said.trim()}`, 'stop them by hand, and try again')
  // One that a removal ended has failed as systemd has it, and somebody watches for that.
  await run('systemctl', ['reset-failed', ...units])
  terminal.print(`stopped: ${units.join(', ')}\n`)
}

/** What has to run now; where no systemd runs, or nothing is to be started, it is said how. */
export async function startUnits(units: readonly string[], start: boolean, terminal: Terminal): Promise<void> {
  const words = ['enable', '--now', ...units]
  if (!isSystemd()) return terminal.print(`next: start ${units.join(', ')} here (systemd does not run on it)\n`)
  if (!start) return terminal.print(`next: systemctl ${words.join(' ')}\n`)
  const { code, said } = await run('systemctl', words)
  if (code === 0) {
    terminal.print(`started: ${units.join(', ')}\n`)
    if (units.includes('lvsm-agent')) await withProgress('waiting for lvsm-agent', untilThere(DEFAULT_SOCKET))
    return
  }
  throw new Failure(
    'refused',
    `systemctl ${words.join(' ')}: ${said.trim()}`,
    'what was set up stays; start them by hand',
  )
}
