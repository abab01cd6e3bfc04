/** `lvsm-examiner`, run to its end: this machine's facts, and changes of it. A process of its own, so that only who needs the kernel loads what speaks to it. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  type AskedAnswer,
  type ExaminerOrder,
  type Fix,
  type MachineFacts,
  readChanged,
  readMachineFacts,
} from '@lvsm/protocol'
import { Failure } from '../failure.ts'

/** Beside this file, or, where that is part of a bundle, beside the bundle. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../../../agent/examiner/main.ts' : './lvsm-examiner.mjs',
  import.meta.url,
)
const PATIENCE_MS = 60_000
const MOST_BYTES = 1 << 26

export interface Examiner {
  look(towards: readonly string[], answers: readonly AskedAnswer[]): MachineFacts
  /** What the kernel said to each, null where it is done. */
  change(fixes: readonly Fix[]): readonly (string | null)[]
}

function ask<T>(order: ExaminerOrder, read: (text: string) => T | null): T {
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [fileURLToPath(PROGRAM)], {
    input: JSON.stringify(order),
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    maxBuffer: MOST_BYTES,
  })
  const answer = status === 0 ? read(stdout) : null
  if (answer !== null) return answer
  const why = error?.message ?? (stderr.trim().split('\n')[0] || `exit code ${status}`)
  throw new Failure(
    'unreachable',
    `this machine could not be looked at: ${why}`,
    'is the package whole (lvsm-examiner.mjs beside lvsm.mjs)?',
  )
}

export const examiner: Examiner = {
  look: (towards, answers) => ask({ kind: 'look', towards, answers }, readMachineFacts),
  change: (fixes) => ask({ kind: 'change', fixes }, readChanged),
}
