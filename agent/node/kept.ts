/** What an agent keeps over its restarts, in its state directory: what is its own in IPVS, its word on standby, and what happened. */
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { type OwnedRecord, sinceBoot } from '@lvsm/plan'
import {
  encodeKeptHooks,
  type KeptAlerts,
  type KeptEvents,
  type KeptHooks,
  type LocalWord,
  type RecordedFile,
} from '@lvsm/protocol'
import { loadRecord, saveRecord } from './adapters/files.ts'
import { EventsFile, PlainFile, readKeptAlerts, readKeptEvents, readKeptHooks } from './adapters/kept-events.ts'
import type { Begun } from './adapters/programs.ts'
import { Recordings } from './adapters/recordings.ts'
import { StateRoom } from './adapters/state-room.ts'
import { readWord, saveWord } from './adapters/wanted.ts'
import type { NodeEffect } from './core/index.ts'

/** Under a name of its own; null: it is over. */
export type Report = (source: string, trouble: Trouble | null) => void

const trouble = (code: string, message: string, hint: string): Trouble => ({ code, severity: 'warning', message, hint })

export const recordPath = (stateDir: string): string => join(stateDir, 'agent.owned')

export class Kept {
  readonly record: OwnedRecord
  readonly word: LocalWord | null
  readonly events: KeptEvents | null
  readonly alerts: KeptAlerts | null
  readonly hooks: KeptHooks | null
  readonly #report: Report
  readonly #recordPath: string
  readonly #wordPath: string
  readonly #stateDir: string
  readonly #unkept: { record: string | null; word: LocalWord | null } = { record: null, word: null }
  #room: StateRoom | undefined
  readonly #eventsFile: EventsFile
  readonly #alertsFile: PlainFile
  readonly #hooksFile: PlainFile
  /** Of what happened before; empty: nothing. */
  readonly #lost: string
  readonly #found: readonly (readonly [source: string, trouble: Trouble])[]

  readonly #recordings: Recordings

  /** `boot`: this start of the machine. Nothing is reported before `tell`. */
  constructor(stateDir: string, boot: string, report: Report, say: (text: string) => void) {
    this.#recordings = new Recordings(stateDir, say)
    this.#report = report
    this.#stateDir = stateDir
    this.#recordPath = recordPath(stateDir)
    this.#wordPath = join(stateDir, 'agent.standby')
    const eventsPath = join(stateDir, 'agent.events')
    this.#eventsFile = new EventsFile(eventsPath, (error) => this.#eventsTold(eventsPath, error))
    const { kept, fault } = readKeptEvents(eventsPath)
    this.events = kept
    const alertsPath = join(stateDir, 'agent.alerts')
    this.#alertsFile = new PlainFile(alertsPath, (error) => this.#alertsTold(alertsPath, error))
    const alerts = readKeptAlerts(alertsPath)
    this.alerts = alerts.kept
    const hooksPath = join(stateDir, 'agent.hooks')
    this.#hooksFile = new PlainFile(hooksPath, (error) => this.#hooksTold(hooksPath, error))
    this.hooks = readKeptHooks(hooksPath)
    this.#lost = fault === null ? '' : `; ${eventsPath} ${fault}: what happened before is not known here`
    const loaded = loadRecord(this.#recordPath)
    const { word, damaged } = readWord(this.#wordPath)
    this.record = sinceBoot(loaded.record, boot)
    this.word = word
    this.#found = [
      ...(loaded.trouble ? [['record-at-start', loaded.trouble] as const] : []),
      ...(damaged ? [['word', damagedWord(this.#wordPath)] as const] : []),
      ...(alerts.fault === null ? [] : [['alerts-at-start', lostAlerts(alertsPath, alerts.fault)] as const]),
    ]
  }

  /** The first event of this process: that it starts, and what is known of the end of the one before. */
  startedAs({ sentence, before, machine }: Begun): string {
    const then = this.events?.machine ?? ''
    const isAnew = machine !== '' && then !== '' && machine !== then
    const end = isAnew ? 'the machine was started anew' : before === null ? null : `the one before it ended: ${before}`
    return [sentence, ...(end === null ? [] : [end])].join('; ') + this.#lost
  }

  /** From now on: whether anything can be kept there at all. */
  watch(everyMs?: number): void {
    this.#room ??= new StateRoom(this.#stateDir, (error) => this.#roomTold(this.#stateDir, error), everyMs)
  }
  /** What the start found. */
  tell(): void {
    for (const [source, found] of this.#found) this.#report(source, found)
  }

  keep(effect: Extract<NodeEffect, { kind: 'record' | 'word' | 'history' | 'alerts' | 'hooks' | 'recording' }>): void {
    if (effect.kind === 'record') this.#keepRecord(effect.text)
    else if (effect.kind === 'word') this.#keepWord(effect.word)
    else if (effect.kind === 'history') this.#eventsFile.save(effect.text)
    else if (effect.kind === 'recording') this.#recordings.save(effect.text)
    else if (effect.kind === 'hooks') this.#hooksFile.save(encodeKeptHooks(effect.kept))
    else this.#alertsFile.save(effect.text)
  }
  /** What earlier moves, and the last end, left; the newest first. */
  recordings(): Promise<readonly RecordedFile[]> {
    return this.#recordings.read()
  }
  /** The process ends, with all that happened, and what it recorded. */
  close(history: string, recording: string | null): void {
    this.#room?.close()
    this.#eventsFile.close(history)
    this.#recordings.close(recording)
  }

  #hooksTold(path: string, error: string | null): void {
    const message = `cannot write ${path}: ${error}`
    const hint = 'make room there: should lvsm-agent end meanwhile, hooks that began run again'
    this.#report('hooks', error === null ? null : trouble('hooks-not-kept', message, hint))
  }
  #alertsTold(path: string, error: string | null): void {
    const message = `cannot write ${path}: ${error}`
    const hint = 'make room there: should lvsm-agent end meanwhile, receivers are told again of what lasts'
    this.#report('alerts', error === null ? null : trouble('alerts-not-kept', message, hint))
  }
  #eventsTold(path: string, error: string | null): void {
    const message = `cannot write ${path}: ${error}`
    const hint = 'make room there: what happened is known until lvsm-agent ends, and then forgotten'
    this.#report('events', error === null ? null : trouble('events-not-kept', message, hint))
  }
  /** It can be written, as far as is known: what could not be kept is tried again. */
  #roomTold(directory: string, error: string | null): void {
    const message = `${directory} cannot be written: ${error}`
    this.#report('state directory', error === null ? null : roomTrouble(message))
    if (error !== null) return
    const { record, word } = this.#unkept
    if (record !== null) this.#keepRecord(record)
    if (word !== null) this.#keepWord(word)
  }
  #keepRecord(text: string): void {
    const error = saveRecord(this.#recordPath, text)
    this.#unkept.record = error === null ? null : text
    const message = `cannot write ${this.#recordPath}: ${error}`
    const hint = 'IPVS entries that leave the configuration will stay until it can be written'
    this.#report('record', error === null ? null : trouble('no-state', message, hint))
  }

  #keepWord(word: LocalWord): void {
    const error = saveWord(this.#wordPath, word)
    this.#unkept.word = error === null ? null : word
    const message = `cannot write ${this.#wordPath}: ${error}`
    const hint = `make room there, and say it again: lvsm standby ${word.standby ? 'on' : 'off'}; else the coordinators' word holds after a restart of lvsm-agent`
    this.#report('word', error === null ? null : trouble('word-not-kept', message, hint))
  }
}

const roomTrouble = (message: string): Trouble => ({
  ...{ code: 'state-not-kept', severity: 'critical', message },
  hint: 'make room there (df, df -i), or mount it writable (mount -o remount,rw); until then maintenance, what is ours in IPVS, and what happened are forgotten at the next restart',
})
const damagedWord = (path: string): Trouble =>
  trouble(
    'word-damaged',
    `${path} is damaged: what this node was told of its maintenance by itself is not known; the coordinators' word holds, where they have one`,
    'say it again on this node: lvsm standby on, or off',
  )
const lostAlerts = (path: string, fault: string): Trouble =>
  trouble(
    'alerts-damaged',
    `${path} ${fault}: whom this node told of what is not known; receivers are told again of what lasts`,
    'nothing has to be done; it is over with the next start of lvsm-agent',
  )
