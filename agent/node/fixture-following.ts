/** Coordinators that say what a test wants, and an agent that follows them. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import type { Beside } from './ports.ts'
import { canonicalText, writtenOf } from '@lvsm/changes'
import {
  decodeFollowerMessage,
  encodeFeedMessage,
  type FeedMessage,
  type FollowerMessage,
  type NodeIdentity,
} from '@lvsm/protocol'
import { fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { expect, onTestFinished, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { NodeServer } from '../../coordinator/adapters/links/node-server.ts'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { CALLER_OPTIONS } from './adapters/feed/caller.ts'
import { sha256 } from './adapters/feed/kept.ts'
import { Following } from './following.ts'
export const QUICK = { ...CALLER_OPTIONS, probeMs: 200, answerMs: 10_000, backoffMs: [20, 100, 100] } as const
export const AUTHORITY = await makeAuthority('lab')
export async function member(name: string) {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(AUTHORITY, { name, publicKey })
  return { privateKey, certificate, authority: AUTHORITY.certificate, key: fingerprintOfKey(publicKey) }
}
export const until = (what: () => boolean) => vi.waitUntil(what, { timeout: 30_000, interval: 5 })

export type Say = (...messages: readonly FeedMessage[]) => void
/** A coordinator that says what the test wants. */
export class Played {
  readonly heard: FollowerMessage[] = []
  /** What it said of its heartbeat key. */
  readonly keys: Extract<FollowerMessage, { kind: 'key' }>[] = []
  readonly sockets: WebSocket[] = []
  place: NodeIdentity['coordinators'][number] = { addresses: [], key: '' }
  isSilent = false
  stop = (): Promise<void> => Promise.resolve()
  answer: (message: FollowerMessage, say: Say) => void = () => undefined

  async listen(): Promise<this> {
    const identity = await member('dir1')
    const told = { count: () => undefined, trouble: () => undefined }
    const server = new NodeServer(identity, told, { waiting: [64, 16], open: [2048, 32] })
    const upgrades = new WebSocketServer({ noServer: true, autoPong: false })
    server.serve('/feed', ({ request, socket, head }) => {
      upgrades.handleUpgrade(request, socket, head, (one) => this.#met(one))
      return true
    })
    expect(await server.listen([{ host: '127.0.0.1', port: 0 }])).toBeNull()
    this.stop = () => server.close()
    onTestFinished(() => server.close())
    this.place = { addresses: server.endpoints, key: identity.key }
    return this
  }
  #met(socket: WebSocket): void {
    this.sockets.push(socket)
    socket.on('ping', () => void (this.isSilent || socket.pong()))
    socket.on('message', (data) => {
      const read = decodeFollowerMessage(String(data))
      if (!read.ok) throw new Error('the agent says what nobody understands')
      if (read.message.kind === 'key') return void this.keys.push(read.message)
      this.heard.push(read.message)
      this.answer(read.message, (...messages) => {
        for (const one of messages) socket.send(encodeFeedMessage(one))
      })
    })
  }
  say(...messages: readonly FeedMessage[]): void {
    for (const one of messages) this.sockets.at(-1)?.send(encodeFeedMessage(one))
  }
}
export const facts = (number: number): FeedMessage => ({ kind: 'facts', facts: { number, list: [], ends: [] } })
export const file = (revision: number, more: object = {}) => ({ ...writtenOf(DOCUMENT, revision), ...more })
export const whole = (revision: number, data: object = file(revision)): FeedMessage => ({
  kind: 'whole',
  revision,
  file: JSON.parse(JSON.stringify(data)),
  sum: sha256(canonicalText(data)),
})
export const weighed = { ...DOCUMENT, services: { ...DOCUMENT.services } }
/** A revision that changes nothing. */
export const change = (from: number, to: number, sum = sha256(canonicalText(writtenOf(weighed, to)))): FeedMessage => ({
  kind: 'change',
  from,
  to,
  change: [],
  sum,
})
export const gives =
  (...messages: readonly FeedMessage[]): Played['answer'] =>
  (message, say) =>
    message.kind === 'follow' && say(...messages)

export class Bench {
  readonly stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-follow-')))
  readonly said: string[] = []
  /** What it began or went on with. */
  readonly used: string[] = []
  trouble: Trouble | null = null
  /** What the coordinators said of themselves. */
  readonly troubles: string[][] = []
  identity: NodeIdentity | null = null
  mayReload = true
  constructor() {
    onTestFinished(() => rmSync(this.stateDir, { recursive: true, force: true }))
  }
  path(name: string): string {
    return join(this.stateDir, name)
  }
  async enter(...coordinators: NodeIdentity['coordinators']): Promise<this> {
    this.identity = { cluster: 'lab', node: 'rs1', ...(await member('rs1')), coordinators }
    return this
  }
  follow(): Following {
    const { identity, stateDir } = this
    if (!identity) throw new Error('it is nobody')
    const reload = (): boolean => this.mayReload && this.used.push(`goes on with ${this.revision}`) > 0
    const begin = () => {
      this.used.push(`begins with ${this.revision}`)
      return {
        reload,
        note: (found: Beside): void => {
          if (found.kind === 'coordinators')
            this.troubles.push(found.troubles.map(({ code, object }) => `${code} ${object}`))
          else if (found.kind === 'trouble' && found.source === 'follow') this.trouble = found.trouble
        },
      }
    }
    const say = (text: string): void => void this.said.push(text)
    const following = new Following({ identity, stateDir, say, begin }, QUICK)
    onTestFinished(() => following.close())
    return following
  }
  get revision(): string {
    return /^ *"revision": (\d+)/m.exec(readFileSync(this.path('followed.yaml'), 'utf8'))?.[1] ?? ''
  }
}
export const applied = (played: Played): number[] =>
  played.heard.flatMap((one) => (one.kind === 'applied' ? [one.revision] : []))
