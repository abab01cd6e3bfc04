/**
 * Does the host answer an echo request (RFC 792, RFC 4443)? Asked by `ping` of this machine, which may do what this process may not: Linux
 * lets it open a socket for echo requests alone (icmp(7), net.ipv4.ping_group_range), or its file has the capability.
 */
import { NO_ROUTE, type ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, End } from '../attempt.ts'
import { endGroup, startGroup, streamsOf } from '../groups.ts'

/** At the same time: one that is answered ends at once, one that is not waits as long as its check. */
const MOST_RUNNING = 256
/** Bytes of output that are looked at. */
const LONGEST_OUTPUT = 2048
/** Of `ping` (man 8 ping): answered; no answer. All else: it could not ask. */
const CODES = { answered: 0, silent: 1 } as const
const WAY_OUT = 'install ping (Debian: iputils-ping)'

let running = 0

/** One request; what `ping` itself waits at most is a little more than the check does, which ends it. */
export const wordsOf = ({ address, source, timeoutMs }: ProbeJob): string[] => [
  ...['-n', '-c', '1', '-W', String(Math.ceil(timeoutMs / 1000) + 1)],
  ...(source === null ? [] : ['-I', source]),
  address,
]

export const askIcmp: Ask = (job, end, trace) => askBy('ping', job, end, trace)

export function askBy(program: string, job: ProbeJob, end: End, trace: Parameters<Ask>[2]): Asking {
  if (running >= MOST_RUNNING) {
    end(null, `${MOST_RUNNING} requests wait for an answer already`)
    return { sofar: () => '', close: () => undefined }
  }
  const words = wordsOf(job)
  const child = startGroup(program, words, {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running += 1
  trace.note('started', [program, ...words].join(' '))
  let [output, over] = ['', false]
  const done = (): void => {
    if (over) return
    over = true
    running -= 1
  }
  // There are none where no file may be opened any more: its error comes later.
  for (const stream of streamsOf(child))
    stream.on('data', (bytes: Buffer) => {
      trace.note('received', bytes)
      if (output.length < LONGEST_OUTPUT) output += bytes.toString('latin1')
    })
  child.on('error', (error) => {
    done()
    end(null, `${program} cannot be started: ${error.message}`, { lacks: WAY_OUT })
  })
  child.on('exit', done)
  child.on('close', (code) => {
    const { ok, reason, lacks } = verdictOf(code, output.slice(0, LONGEST_OUTPUT))
    end(ok, reason, lacks === undefined ? {} : { lacks })
  })
  return { sofar: () => 'no answer', close: () => endGroup(child) }
}

interface Verdict {
  readonly ok: boolean | null
  readonly reason: string
  /** What this machine lacks. */
  readonly lacks?: string
}

/** By the exit code; output is only shown, but where there is no way, and where this machine may not ask. */
export function verdictOf(code: number | null, output: string): Verdict {
  const lines = output.split('\n').map((line) => line.trim())
  if (code === CODES.answered) {
    const [, time] = / time=([\d.]+ ms)/.exec(output) ?? []
    return { ok: true, reason: time === undefined ? 'answers' : `answers in ${time}` }
  }
  const [, who, what] = lines.map((line) => /^From (\S+?):? icmp_seq=\d+ (.+)$/.exec(line)).find((one) => one) ?? []
  if (who !== undefined && what !== undefined) return { ok: false, reason: `${what}, says ${who}` }
  if (code === CODES.silent) return { ok: false, reason: 'no answer' }
  const [said = ''] = lines.filter((line) => line !== '' && !line.startsWith('PING '))
  if (/not permitted|permission denied|missing cap_net_raw/i.test(output))
    return {
      ok: null,
      reason: `ping may not ask: ${said}`,
      lacks: 'sysctl -w net.ipv4.ping_group_range="0 2147483647", and the same in /etc/sysctl.d',
    }
  if (/unreachable/i.test(output)) return { ok: false, reason: NO_ROUTE }
  return { ok: null, reason: `ping cannot ask: ${said === '' ? `exit code ${code}` : said}` }
}
