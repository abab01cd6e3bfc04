/** A lab as its visitors use it from outside: verbs, commands, observers, the agents' API. */
import type { SwitchoverReport } from '../../packages/protocol/src/http/ordered.ts'
import type { Status } from '../../packages/protocol/src/http/status.ts'
import { type Fields, readFields } from '../fields.ts'
import type { Lab } from './boot.ts'
import { LabError } from './paths.ts'
import { type Reports, readReport } from './reports.ts'
import { type Answer, answered, ask, converse } from './session.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Observer<Report> {
  /** Ends the observation; gives its report. */
  stop(): Promise<Report>
}

const READY = /^ready$/m

const STATUS: Fields<Omit<Status, 'coordinators' | 'delays' | 'epoch' | 'keys' | 'wanted'>> = {
  cluster: 'text',
  node: 'text',
  revision: 'number',
  quorum: 'truth',
  groups: 'list',
  services: 'list',
  nodes: 'list',
  troubles: 'list',
  counters: 'record',
}
const SWITCHOVER: Fields<Omit<SwitchoverReport, 'unknown'>> = {
  group: 'text',
  from: 'text',
  to: 'text',
  number: 'number',
  tookMs: 'number',
}

export class Stage {
  readonly lab: Lab

  constructor(lab: Lab) {
    this.lab = lab
  }

  /** `verb('power-cut', 'dir1')`; its times are of the guest's monotonic clock. Throws what the lab refuses. */
  async verb(...words: readonly string[]): Promise<Answer> {
    const answer = await ask(this.lab.address, this.lab.token, words)
    if (answer.code !== 0) throw new LabError(`lab ${words.join(' ')}: ${answer.text.trim()}`)
    return answer
  }

  async run(argv: readonly string[], node?: string): Promise<Ran> {
    const out: Buffer[] = []
    const err: Buffer[] = []
    const request = { token: this.lab.token, argv, ...(node === undefined ? {} : { node }) }
    const session = converse(this.lab.address, request, {
      stdout: (bytes) => out.push(bytes),
      stderr: (bytes) => err.push(bytes),
    })
    const { code } = await answered(session, session.done, argv.join(' '))
    return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
  }

  /** Starts an observer inside and resolves when it is at work. */
  async observe<What extends keyof Reports>(
    what: What,
    ...options: readonly string[]
  ): Promise<Observer<Reports[What]>> {
    const words = [what, ...options]
    const out: Buffer[] = []
    let said = ''
    let atWork = (): void => {}
    const ready = new Promise<void>((resolve) => {
      atWork = resolve
    })
    const session = converse(
      this.lab.address,
      { token: this.lab.token, argv: ['observe', ...words] },
      {
        stdout: (bytes) => out.push(bytes),
        stderr: (bytes) => {
          said += bytes.toString()
          if (READY.test(said)) atWork()
        },
      },
    )
    const ended = session.done.then(({ code }) => {
      if (code !== 0) throw new LabError(`observe ${words.join(' ')} ended with ${code}: ${said}`)
    })
    const command = `observe ${words.join(' ')}`
    await answered(session, Promise.race([ready, ended]), command)
    return {
      async stop() {
        session.signal('SIGTERM')
        await answered(session, ended, `the end of ${command}`)
        return readReport(what, Buffer.concat(out).toString())
      },
    }
  }

  /** A call to a node's agent, or to the first that has a quorum. Throws the refusals that it answers. */
  async api<Body>(
    fields: Fields<Body>,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    node = '-',
  ): Promise<Body> {
    const { text } = await this.verb('api', node, method, path, body === undefined ? '' : JSON.stringify(body))
    return readFields(`${method} ${path}`, text, fields)
  }

  status(node?: string): Promise<Status> {
    return this.api(STATUS, 'GET', '/v1/status', undefined, node)
  }

  /** Moves a group by asking this node. */
  switchover(group: string | undefined, node?: string): Promise<SwitchoverReport> {
    return this.api(SWITCHOVER, 'POST', '/v1/switchover', { group }, node)
  }

  async owner(): Promise<string | null> {
    return (await this.status()).groups[0]?.owner ?? null
  }
}

/** Resolves with the first true value that `look` gives; what it throws counts as not yet. */
export async function until<Value>(
  what: string,
  patienceMs: number,
  look: () => Promise<Value | undefined | false | null>,
): Promise<Value> {
  const end = performance.now() + patienceMs
  let last = ''
  for (;;) {
    try {
      const value = await look()
      if (value) return value
    } catch (error) {
      last = `: ${(error as Error).message}`
    }
    if (performance.now() > end) throw new LabError(`${what} did not happen in ${patienceMs / 1000} s${last}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
