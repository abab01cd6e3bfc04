/**
 * Programs of operators, by the contracts that they were written for. They run as this process does, without rights, each as a process group
 * of its own that is ended whole: asked first, then killed.
 */
import type { ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, End } from '../attempt.ts'
import { startGroup, streamsOf } from '../groups.ts'
import { isSet, listOf, textOf } from '../keys.ts'
import { newMark } from '../strays.ts'
import type { Trace } from '../trace.ts'
import { Turn } from './script-turn.ts'
import { perfdataOf } from './perfdata.ts'

/** For what was said before the end. */
const SETTLE_MS = 200
/** Bytes of output that are looked at; the rest is read and thrown away. */
const LONGEST_OUTPUT = 4096

interface Contract {
  readonly argv: (command: readonly string[], job: ProbeJob) => readonly string[]
  /** Of the exit code; null: nobody knows. */
  readonly verdict: (code: number) => boolean | null
  /** It is well, and the program warns. */
  readonly warns?: (code: number) => boolean
  /** The same, where the check lets the program say a weight. */
  readonly weighs?: (code: number) => number | null
}
const asWritten: Contract['argv'] = (command) => command
const zeroIsWell: Contract['verdict'] = (code) => code === 0
export const CONTRACTS: Readonly<Record<string, Contract>> = {
  // OK, WARNING, CRITICAL, UNKNOWN (Monitoring Plugins Development Guidelines, Plugin Return Codes): the last is the checker’s own fault.
  nagios: {
    argv: asWritten,
    verdict: (code) => (code === 3 ? null : code === 0 || code === 1),
    warns: (code) => code === 1,
  },
  // keepalived.conf(5), MISC_CHECK and misc_dynamic: from 2 on the code is a weight, plus 2.
  keepalived: { argv: asWritten, verdict: zeroIsWell, weighs: (code) => (code >= 2 ? code - 2 : null) },
  // ldirectord(8), external: virtual address and port, then the realserver’s.
  ldirectord: {
    argv: (command, { virtual, address, port }) => [
      ...command,
      virtual?.address ?? '',
      String(virtual?.port ?? 0),
      address,
      String(port),
    ],
    verdict: zeroIsWell,
  },
  // mon(8): hosts are the last arguments.
  mon: { argv: (command, { address }) => [...command, address], verdict: zeroIsWell },
  // Consul, health checks, script: passing, warning; any other code is critical.
  consul: { argv: asWritten, verdict: (code) => code === 0 || code === 1, warns: (code) => code === 1 },
}

/** What is running or waits, by what it is asked; `ended`: it was told to end. */
const running = new Map<string, { ended: boolean }>()
const NOTHING: Asking = { sofar: () => '', close: () => undefined }

export const askScript: Ask = (job, end, trace) => {
  const { keys, address, port, virtual } = job
  const contract = CONTRACTS[textOf(keys, 'contract') ?? 'nagios']
  const command = listOf(keys, 'command').map((word) => filledIn(word, job))
  if (!contract || command.length === 0) {
    end(null, 'there is no such contract, or no command')
    return NOTHING
  }
  const name = JSON.stringify([command, virtual, address, port])
  const before = running.get(name)
  if (before) {
    // Beside a check comes one that somebody runs by hand: that is no word about the server.
    if (before.ended) end(false, 'the one before it still runs, although it was killed')
    else end(null, 'it runs already, and never two at once')
    return NOTHING
  }
  const entry = { ended: false }
  running.set(name, entry)
  const turn = new Turn(job, end, () => {
    if (running.get(name) === entry) running.delete(name)
  })
  turn.take(() => {
    const child = run(contract.argv(command, job), job, trace)
    follow(child, contract, { end, trace, over: () => turn.over(), dynamic: isSet(keys, 'dynamic-weight') })
    return child
  })
  return {
    sofar: () => 'it did not end',
    waitedMs: () => turn.waitedMs,
    late: () => {
      entry.ended = true
      return false
    },
    close: () => turn.close(),
  }
}

function run([program = '', ...words]: readonly string[], job: ProbeJob, trace: Trace): ChildProcess {
  const own = variablesOf(job)
  const mark = newMark()
  const child = startGroup(program, words, {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', ...own, ...mark.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) giveWay(child.pid)
  for (const end of ['exit', 'error'] as const) child.on(end, mark.over)
  const variables = Object.entries(own).map(([key, value]) => `${key}=${value}`)
  trace.note('started', [...variables, program, ...words.map((word) => JSON.stringify(word))].join(' '))
  return child
}

/**
 * One that runs wild costs checks beside it little (setpriority(2)); what it starts from now on has it from there. No more than this: each step
 * divides its weight by 1.25 (man 7 sched), so at 5 a program has a third of what a busy process of nice 0 has, at 10 a tenth: on a director whose
 * processors are full its time would run out although the realserver is well.
 */
const GIVES_WAY = 5
function giveWay(pid: number): void {
  try {
    setPriority(pid, GIVES_WAY)
  } catch {
    // It has ended already.
  }
}

/** In a word of the command. */
const filledIn = (word: string, { address, port, virtual }: ProbeJob): string =>
  word
    .replaceAll('{address}', address)
    .replaceAll('{port}', String(port))
    .replaceAll('{vip}', virtual?.address ?? '')
    .replaceAll('{vport}', String(virtual?.port ?? ''))

const variablesOf = ({ address, port, virtual, timeoutMs }: ProbeJob): Record<string, string> => ({
  LVSM_ADDRESS: address,
  LVSM_PORT: String(port),
  LVSM_VIP: virtual?.address ?? '',
  LVSM_VPORT: String(virtual?.port ?? ''),
  LVSM_TIMEOUT_MS: String(timeoutMs),
})

interface Followed {
  readonly end: End
  readonly trace: Trace
  readonly over: () => void
  readonly dynamic: boolean
}
function follow(
  child: ChildProcess,
  { verdict, warns, weighs }: Contract,
  { end, trace, over, dynamic }: Followed,
): void {
  const pieces: Buffer[] = []
  let size = 0
  for (const stream of streamsOf(child))
    stream.on('data', (bytes: Buffer) => {
      trace.note('received', bytes)
      if (size < LONGEST_OUTPUT) pieces.push(bytes.subarray(0, LONGEST_OUTPUT - size))
      size += bytes.length
    })
  child.on('error', (error) => {
    over()
    end(null, `it cannot be started: ${error.message}`)
  })
  child.on('exit', (code, signal) => {
    over()
    const told = (): void => {
      const output = Buffer.concat(pieces).toString('utf8')
      const [first = ''] = output.split('\n')
      const said = first.split('|')[0]?.trim() ?? ''
      const how = signal === null ? `exit code ${code}` : `ended by ${signal}`
      trace.note('ended', how)
      const perfdata = perfdataOf(output)
      const weight = dynamic && code !== null ? (weighs?.(code) ?? null) : null
      const beside = {
        ...(perfdata.length === 0 ? {} : { perfdata }),
        ...(code !== null && warns?.(code) === true ? { degraded: true } : {}),
        ...(weight === null ? {} : { weight }),
      }
      const ok = code === null ? false : weight !== null || verdict(code)
      end(ok, said === '' ? how : `${said} (${how})`, beside)
    }
    child.on('close', told)
    // One that it left behind may hold its output open.
    setTimeout(told, SETTLE_MS)
  })
}
