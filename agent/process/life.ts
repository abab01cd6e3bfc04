/**
 * A program of a node says in its run directory that it lives, how it ended, and how the one before it did: its agent tells that as
 * events. Lines of a word and what it says; who reads it skips what it does not know.
 *
 *     lvsm-life 1
 *     life 4711.123456
 *     version 0.1.0
 *     code 75
 *     line cannot listen on …
 *     before exit code 70: …
 *
 * The life is the process and when it started, as the kernel counts it. Without a `code` it runs, or was killed. A supervisor that knows by
 * which signal says so in a file beside it (`….status`: `killed KILL`; systemd.exec, EXIT_CODE).
 */
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cut } from '@lvsm/protocol'
import { plainLine } from '@lvsm/base'
import { readRegular } from './files.ts'

const LARGEST = 16 * 1024
/** Letters of the last line of a log. */
const LINE = 200

/** As its file says. */
export interface Life {
  readonly life: string
  readonly version: string
  /** Null: it runs, or was killed. */
  readonly code: number | null
  readonly line: string
  /** How the one before it ended, as words that go on after "it ended "; null: there was none since the machine started. */
  readonly before: string | null
}

const pathOf = (runDir: string, program: string, ending: 'life' | 'status' | 'refused'): string =>
  join(runDir, `${program}.${ending}`)

const readText = (path: string): string | null => {
  const read = readRegular(path, LARGEST, false)
  return read.ok ? read.bytes.toString('utf8') : null
}

/** Null: there is none, or it cannot be read. */
export function readLife(runDir: string, program: string): Life | null {
  const [head, ...lines] = (readText(pathOf(runDir, program, 'life')) ?? '').split('\n')
  if (head !== 'lvsm-life 1') return null
  const said = new Map(
    lines.map((line) => {
      const end = line.indexOf(' ')
      return [line.slice(0, end), cut(plainLine(line.slice(end + 1)), 2 * LINE)]
    }),
  )
  const code = Number(said.get('code') ?? Number.NaN)
  return {
    life: said.get('life') ?? '',
    version: said.get('version') ?? '',
    code: Number.isInteger(code) ? code : null,
    line: said.get('line') ?? '',
    before: said.get('before') ?? null,
  }
}

/** The signal that ended the last one, or its exit code, as its supervisor said; empty: nothing is known. */
export function statusOf(runDir: string, program: string): string {
  const [how = '', what = ''] = (readText(pathOf(runDir, program, 'status')) ?? '').trim().split(' ')
  if (how === 'killed' || how === 'dumped') return `killed by SIG${plainLine(what)}`
  return how === 'exited' && /^\d+$/.test(what) ? `exit code ${what}` : ''
}

/** Words that go on after "it ended: ". */
export function endingOf(runDir: string, program: string, { code, line }: Life): string {
  const status = statusOf(runDir, program)
  const how = code === null ? status || 'without a word, so it was killed' : `exit code ${code}`
  return line === '' || code === null ? how : `${how}, its last words: ${line}`
}

/** It ended before it worked: whoever looks why it is not there reads it. Nothing fails by it. A second one beside the first is no news. */
export function refuseLife(runDir: string, program: string, code: number, line: string): void {
  const first = readLife(runDir, program)
  if (first && first.code === null && lives(first)) return
  write(pathOf(runDir, program, 'refused'), [
    `code ${code}`,
    `line ${cut(plainLine(line.replaceAll(/\s*\n\s*/g, ' ')), LINE)}`,
  ])
}

/** How the last start of a program ended that never worked; null: the last one did. */
export function refusedLife(runDir: string, program: string): string | null {
  const text = readText(pathOf(runDir, program, 'refused'))
  const [, code, line = ''] = /^code (\d+)\nline (.*)\n$/.exec(text ?? '') ?? []
  return code === undefined ? null : `it does not start, exit code ${code}: ${cut(plainLine(line), LINE)}`
}

/** Of man 5 proc_pid_stat; null: there is no such process. */
function statOf(pid: number | 'self'): { readonly life: string; readonly state: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it may have anything in it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { life: `${stat.slice(0, stat.indexOf(' '))}.${fields[19] ?? ''}`, state: fields[0] ?? '' }
  } catch {
    return null
  }
}
/** Of the process: its number, and when it started (field 22); empty: there is none. */
export const lifeOf = (pid: number | 'self'): string => statOf(pid)?.life ?? ''
/** Milliseconds since it started, by the kernel's ticks (100 a second on every Linux); null: it cannot be told. */
export function ageOf({ life }: Life): number | null {
  try {
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0])
    const ms = uptime * 1000 - Number(life.split('.')[1]) * 10
    return Number.isFinite(ms) && ms >= 0 ? ms : null
  } catch {
    return null
  }
}
const pidOf = ({ life }: Life): number => Number(life.split('.', 1)[0])
export const lives = (one: Life): boolean => lifeOf(pidOf(one)) === one.life
/** It lives, and a signal stopped it: it does nothing until somebody lets it go on. */
export function isStopped(one: Life): boolean {
  const stat = statOf(pidOf(one))
  return stat?.life === one.life && (stat.state === 'T' || stat.state === 't')
}

export interface Living {
  /** How the one before ended; null: none ran since the machine started. */
  readonly before: string | null
  /** So long ago it ended; null: not known. Milliseconds. */
  readonly awayMs: number | null
  /** To be said once, at the very end. */
  ends(code: number, line: string): void
}

/** By when itself, or its supervisor, wrote that it ended. */
function awaySince(runDir: string, program: string, { code }: Life): number | null {
  const endings = [...(code === null ? [] : ['life' as const]), 'status' as const]
  const times = endings.flatMap(
    (ending) => statSync(pathOf(runDir, program, ending), { throwIfNoEntry: false })?.mtimeMs ?? [],
  )
  return times.length === 0 ? null : Math.max(0, Math.round(Date.now() - Math.max(...times)))
}

/** What is not written is not known later: nothing fails by it. The caller holds the lock of the run directory. */
export function beginLife(runDir: string, program: string, version: string): Living {
  const path = pathOf(runDir, program, 'life')
  const last = readLife(runDir, program)
  const before = last && endingOf(runDir, program, last)
  const awayMs = last && awaySince(runDir, program, last)
  const lines = ['lvsm-life 1', `life ${lifeOf('self')}`, `version ${version}`]
  if (before !== null) lines.push(`before ${before}`)
  write(path, lines)
  rmSync(pathOf(runDir, program, 'status'), { force: true })
  rmSync(pathOf(runDir, program, 'refused'), { force: true })
  return {
    before,
    awayMs,
    ends: (code, line) => write(path, [...lines, `code ${code}`, `line ${cut(plainLine(line), LINE)}`]),
  }
}

function write(path: string, lines: readonly string[]): void {
  try {
    // Not through a name that somebody else put there; the agent of the node reads it, whoever wrote it.
    rmSync(path, { force: true })
    writeFileSync(path, `${lines.join('\n')}\n`, { flag: 'wx', mode: 0o644 })
    chmodSync(path, 0o644)
  } catch {
    // A run directory that is gone, or full.
  }
}
