/** `lvsm-prober`, the process: asks realservers for the agent that started it, and ends with it. */
import { writeFileSync } from 'node:fs'
import { plainText } from '@lvsm/base'
import {
  AWAKE,
  DAEMON_EXITS,
  listenerLine,
  LONGEST_PROBE_JOB,
  probeLine,
  readProbeJob,
  readToListener,
} from '@lvsm/protocol'
import { linesOf } from '../process/lines.ts'
import { DELIVERIES } from './alerts/index.ts'
import { attempt } from './attempt.ts'
import { AgentListener } from './haproxy/listener.ts'
import { killGroups, tellGroups } from './groups.ts'
import { Listener } from './listener.ts'
import { PROBES } from './probes/index.ts'
import { guard, stackOf } from './guard.ts'
import { giveUpRights } from './rights.ts'

const end = (code: number, why: string): never => {
  killGroups()
  if (why !== '') process.stderr.write(plainText(`lvsm-prober: ${why}\n`))
  process.exit(code)
}
guard((error) => end(DAEMON_EXITS.bug.code, `ends, by a defect of its own; please report this:\n${stackOf(error)}`))

// A terminal, or a supervisor, speaks to the agent: this process ends with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)
  process.on(signal, () => undefined)
// The agent must stay when memory runs out.
try {
  writeFileSync('/proc/self/oom_score_adj', '500')
} catch {
  // Then it is as the agent is.
}
try {
  giveUpRights()
} catch (error) {
  end(
    DAEMON_EXITS.refused.code,
    `may not become an ordinary user: ${(error as Error).message} (CAP_SETUID, CAP_SETGID)`,
  )
}

const say = (word: Parameters<typeof probeLine>[0]): void => void process.stdout.write(probeLine(word))
tellGroups(say)
const tell = (word: Parameters<typeof listenerLine>[0]): void => void process.stdout.write(listenerLine(word))
const clock = (): number => performance.now()
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
const listeners = [new Listener(tell, clock), new AgentListener(tell, clock)]
process.stdout.on('error', () => end(DAEMON_EXITS.ok.code, ''))
process.stdin.on('end', () => end(DAEMON_EXITS.ok.code, ''))
process.stdin.on('error', () => end(DAEMON_EXITS.ok.code, ''))
process.stdin.on(
  'data',
  linesOf(LONGEST_PROBE_JOB, {
    line(text) {
      const job = readProbeJob(text)
      if (!job) {
        const word = readToListener(text)
        if (word) for (const listener of listeners) listener.hear(word)
        return
      }
      if (job.probe === AWAKE) return say({ id: job.id, ok: true, reason: '' })
      const ask = Object.entries({ ...PROBES, ...DELIVERIES }).find(([kind]) => kind === job.probe)?.[1]
      if (!ask) return say({ id: job.id, ok: null, reason: `there is no probe "${job.probe}"` })
      const late = job.due === undefined ? {} : { lateMs: Math.max(0, monotonicMs() - job.due) }
      attempt(ask, job, (ok, reason, found) => say({ id: job.id, ok, reason, ...found, ...late }))
    },
    tooLong: () => end(DAEMON_EXITS.bug.code, 'a job is too long'),
  }),
)
say({ ready: true })
