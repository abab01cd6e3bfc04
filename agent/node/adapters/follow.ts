/**
 * The configuration as the coordinator on this node has it, followed: each revision is kept as a file of this node's own, whole, and
 * the agent reads it as any configuration file. Without a coordinator it goes on with the last.
 */
import { request } from 'node:http'
import type { Trouble } from '@lvsm/base'
import { checkConfig } from '@lvsm/model'
import { CONFIG_ROUTES, type DocumentReport } from '@lvsm/protocol'
import { replaceFile } from '../../process/files.ts'

/** An answer comes at least every 20 s. */
const PATIENCE_MS = 45_000
/** Bytes of an answer: of the largest configuration, as text and as data. */
const LONGEST = 32 << 20
/** After a question that was not answered. */
const AGAIN_MS = 1000

export interface FollowOptions {
  /** Of the coordinator. */
  readonly socket: string
  /** Where the document is kept. */
  readonly file: string
  /** The revision that is kept already; 0: none. */
  readonly revision: number
  /** A newer one is in the file. */
  changed(revision: number): void
  trouble(trouble: Trouble | null): void
}

export class Follower {
  readonly #options: FollowOptions
  #revision: number
  /** Of what was not taken: it is not complained about, nor tried, at each answer. */
  #refused = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #isConfirming = false

  constructor(options: FollowOptions) {
    this.#options = options
    this.#revision = options.revision
    this.#ask()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** Calls back with the newest revision, by a read that is proved current, once that is in the file; or never. */
  confirm(done: (revision: number) => void): void {
    if (this.#isConfirming) return
    this.#isConfirming = true
    const { method, path } = CONFIG_ROUTES.document
    fetchDocument(this.#options.socket, { method, path }, (answer) => {
      this.#isConfirming = false
      if (this.#closed || 'reason' in answer) return
      this.#take(answer.document, Math.max(this.#revision, this.#refused))
      if (this.#revision === answer.document.revision) done(this.#revision)
    })
  }

  #ask(): void {
    const after = Math.max(this.#revision, this.#refused)
    const asked = performance.now()
    const { method, path } = CONFIG_ROUTES.next
    fetchDocument(this.#options.socket, { method, path: `${path}?after=${after}` }, (answer) => {
      if (this.#closed) return
      if ('reason' in answer) this.#options.trouble(silent(this.#options.socket, answer.reason, this.#revision))
      else this.#take(answer.document, after)
      // Whoever answers nothing new at once is not asked again at once.
      const isWaiting = 'document' in answer && performance.now() - asked >= AGAIN_MS
      this.#timer = setTimeout(() => this.#ask(), isWaiting || this.#revision > after ? 0 : AGAIN_MS)
    })
  }

  #take({ revision, file }: DocumentReport, after: number): void {
    if (revision < this.#revision) return this.#options.trouble(behind(revision, this.#revision))
    if (revision <= after) return this.#refused > this.#revision ? undefined : this.#options.trouble(null)
    // Plain data is YAML too, and costs the coordinator nothing.
    const text = `${JSON.stringify(file, null, 1)}\n`
    const { config, refusals } = checkConfig(text)
    if (!config) {
      this.#refused = revision
      const [first] = refusals
      return this.#options.trouble(strange(revision, this.#revision, first?.message ?? 'no reason'))
    }
    try {
      replaceFile(this.#options.file, text)
    } catch (error) {
      return this.#options.trouble(notKept(revision, this.#options.file, (error as Error).message))
    }
    this.#revision = revision
    this.#options.trouble(null)
    this.#options.changed(revision)
  }
}

type Answer = { readonly document: DocumentReport } | { readonly reason: string }

/** Calls back once. */
function fetchDocument(
  socketPath: string,
  asked: { method: string; path: string },
  done: (answer: Answer) => void,
): void {
  let isDone = false
  const end = (answer: Answer): void => {
    clearTimeout(timer)
    if (!isDone) done(answer)
    isDone = true
    outgoing.destroy()
  }
  const outgoing = request({ socketPath, ...asked, agent: false }, (incoming) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > LONGEST) end({ reason: `its answer has more than ${LONGEST} bytes` })
    })
    incoming.on('error', (error) => end({ reason: error.message }))
    incoming.on('end', () => end(read(incoming.statusCode ?? 0, Buffer.concat(chunks).toString())))
  })
  const timer = setTimeout(() => end({ reason: `no answer within ${PATIENCE_MS / 1000} s` }), PATIENCE_MS)
  outgoing.on('error', (error) => end({ reason: error.message }))
  outgoing.end()
}

function read(status: number, text: string): Answer {
  if (status !== 200) return { reason: `it answers with status ${status}` }
  try {
    const report = CONFIG_ROUTES.document.response.safeParse(JSON.parse(text))
    if (report.success) return { document: report.data }
  } catch {
    // It is not JSON.
  }
  return { reason: 'its answer is none that this version understands' }
}

const trouble = (code: string, message: string, hint: string): Trouble => ({ code, severity: 'warning', message, hint })
const silent = (socket: string, reason: string, revision: number): Trouble =>
  trouble(
    'no-coordinator',
    `the coordinator on this node does not answer (${socket}: ${reason}): revision ${revision} stays in use, and changes wait`,
    'start lvsm-coordinator here: systemctl status lvsm-coordinator',
  )
const behind = (revision: number, own: number): Trouble =>
  trouble(
    'coordinator-behind',
    `the coordinator on this node has revision ${revision}, and this agent ${own} already: that stays in use`,
    'it catches up when it reaches the others (lvsm coordinators); where an old backup was put back, remove the kept file',
  )
const strange = (revision: number, own: number, fault: string): Trouble =>
  trouble(
    'revision-refused',
    `revision ${revision} is not understood here: revision ${own} stays in use`,
    `${fault}; install the coordinators' version of lvsm on this node`,
  )
const notKept = (revision: number, file: string, reason: string): Trouble =>
  trouble(
    'revision-not-kept',
    `revision ${revision} cannot be kept (${file}: ${reason}): it is not used, so that a restart does not go back`,
    'make room, or mend the disk: it is tried again each second',
  )
