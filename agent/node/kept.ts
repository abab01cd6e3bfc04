/** What an agent keeps over its restarts, in its state directory: what is its own in IPVS, and its word on standby. */
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import type { OwnedRecord } from '@lvsm/plan'
import type { LocalWord } from '@lvsm/protocol'
import { loadRecord, saveRecord } from './adapters/files.ts'
import { readWord, saveWord } from './adapters/wanted.ts'
import type { NodeEffect } from './core/index.ts'

/** Under a name of its own; null: it is over. */
export type Report = (source: string, trouble: Trouble | null) => void

const trouble = (code: string, message: string, hint: string): Trouble => ({ code, severity: 'warning', message, hint })

export class Kept {
  readonly record: OwnedRecord
  readonly word: LocalWord | null
  readonly #report: Report
  readonly #recordPath: string
  readonly #wordPath: string
  readonly #found: readonly (readonly [source: string, trouble: Trouble])[]

  /** Nothing is reported before `tell`. */
  constructor(stateDir: string, report: Report) {
    this.#report = report
    this.#recordPath = join(stateDir, 'agent.owned')
    this.#wordPath = join(stateDir, 'agent.standby')
    const loaded = loadRecord(this.#recordPath)
    const { word, damaged } = readWord(this.#wordPath)
    this.record = loaded.record
    this.word = word
    this.#found = [
      ...(loaded.trouble ? [['record-at-start', loaded.trouble] as const] : []),
      ...(damaged ? [['word', damagedWord(this.#wordPath)] as const] : []),
    ]
  }

  /** What the start found. */
  tell(): void {
    for (const [source, found] of this.#found) this.#report(source, found)
  }

  keep(effect: Extract<NodeEffect, { kind: 'record' | 'word' }>): void {
    if (effect.kind === 'record') this.#keepRecord(effect.text)
    else this.#keepWord(effect.word)
  }

  #keepRecord(text: string): void {
    const error = saveRecord(this.#recordPath, text)
    const message = `cannot write ${this.#recordPath}: ${error}`
    const hint = 'IPVS entries that leave the configuration will stay until it can be written'
    this.#report('record', error === null ? null : trouble('no-state', message, hint))
  }

  #keepWord(word: LocalWord): void {
    const error = saveWord(this.#wordPath, word)
    const message = `cannot write ${this.#wordPath}: ${error}`
    const hint = `make room there, and say it again: lvsm standby ${word.standby ? 'on' : 'off'}; else the coordinators' word holds after a restart of lvsm-agent`
    this.#report('word', error === null ? null : trouble('word-not-kept', message, hint))
  }
}

const damagedWord = (path: string): Trouble =>
  trouble(
    'word-damaged',
    `${path} is damaged: what this node was told of standby by itself is not known; the coordinators' word holds, where they have one`,
    'say it again on this node: lvsm standby on, or off',
  )
