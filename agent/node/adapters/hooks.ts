/**
 * Hooks of operators as processes: files of root's in one directory of this node, so that the configuration says which of them run, and
 * never what they are. Each is a process group of its own that is ended whole: asked first, then killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainLine } from '@lvsm/base'
import { cut } from '@lvsm/protocol'
import { PATH } from '../../process/environment.ts'
import { doubtFile } from '../../process/trust.ts'

export const HOOKS_DIRECTORY = '/etc/lvsm/hooks.d'
const GRACE_MS = 1000
/** For what was said before the end: one that it left behind may hold its output open. */
const SETTLE_MS = 200
const LONGEST_OUTPUT = 4096
const LONGEST_REASON = 200

export interface Hook {
  readonly hook: string
  /** Null: as this process runs. */
  readonly user: string | null
  readonly words: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly timeoutMs: number
}
type Done = (ok: boolean, reason: string) => void

export class HookRunner {
  readonly #directory: string
  readonly #children = new Set<ChildProcess>()

  constructor(directory = HOOKS_DIRECTORY) {
    this.#directory = directory
  }

  /** Calls back once, in its time and a little more. */
  run(hook: Hook, done: Done): void {
    let over = false
    const once: Done = (ok, reason) => {
      if (over) return
      over = true
      done(ok, cut(plainLine(reason), LONGEST_REASON))
    }
    try {
      this.#start(hook, once)
    } catch (error) {
      once(false, (error as Error).message)
    }
  }
  /** They go on: this process is the one that leaves. */
  close(): void {
    for (const child of this.#children) child.unref()
  }

  #start({ hook, user, words, variables, timeoutMs }: Hook, once: Done): void {
    const path = join(this.#directory, hook)
    const [doubt] = doubtFile(path)
    if (doubt) throw new Error(`it is not run: ${doubt.message} (${doubt.hint})`)
    const child = spawn(path, [...words], {
      ...{ cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH, LANG: 'C.UTF-8', ...variables } },
      ...(user === null ? {} : identityOf(user)),
    })
    this.#children.add(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => (said += bytes.toString('latin1').slice(0, LONGEST_OUTPUT - said.length)))
      stream?.on('error', () => undefined)
    }
    const timer = setTimeout(() => {
      endGroup(child)
      once(false, `it did not end within ${timeoutMs} ms`)
    }, timeoutMs)
    const forget = (): void => {
      clearTimeout(timer)
      this.#children.delete(child)
    }
    child.on('error', (error) => {
      forget()
      once(false, `it cannot be started: ${error.message}`)
    })
    child.on('exit', (code, signal) => {
      forget()
      const told = (): void => {
        const how = signal === null ? `exit code ${code}` : `ended by ${signal}`
        const [line = ''] = said.trim().split('\n')
        once(code === 0, line === '' ? how : `${line} (${how})`)
      }
      child.on('close', told)
      setTimeout(told, SETTLE_MS).unref()
    })
  }
}

function identityOf(user: string): { readonly uid: number; readonly gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const [, , uid, gid] = lines.find(([name]) => name === user) ?? []
  if (uid === undefined || gid === undefined) throw new Error(`there is no user ${user} on this node`)
  return { uid: Number(uid), gid: Number(gid) }
}

/** The whole group, also where the program itself has ended and left others behind. */
function endGroup({ pid, stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
  if (pid === undefined) return
  const kill = (signal: NodeJS.Signals): boolean => {
    try {
      return process.kill(-pid, signal)
    } catch {
      return false
    }
  }
  if (kill('SIGTERM')) setTimeout(() => kill('SIGKILL'), GRACE_MS).unref()
}
