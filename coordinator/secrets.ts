/**
 * Secrets of the heartbeat that stand in files of each node: a coordinator has a copy, for machines that join. It may not read root's
 * files, so that root gives it what came later (`lvsm coordinators secrets`); until then it says which it lacks.
 */
import type { Refusal, Trouble } from '@lvsm/base'
import type { State } from '@lvsm/changes'
import type { KeyFile } from '@lvsm/protocol'
import type { Taken } from './adapters/api/secrets.ts'
import { readHeartbeatKeys, writeHeartbeatKeys } from './home.ts'
import { isSecret, SECRET_WORDS } from './key-files.ts'

export interface SecretsParts {
  readonly stateDir: string
  /** Of the coordinator. */
  readonly node: string
  known(): State | null
  /** Null: it has them all. */
  trouble(trouble: Trouble | null): void
}
type Named = Pick<KeyFile, 'id' | 'file'>

export class Secrets {
  readonly #parts: SecretsParts
  #keys: readonly KeyFile[]

  constructor(parts: SecretsParts) {
    this.#parts = parts
    this.#keys = readHeartbeatKeys(parts.stateDir)
  }

  readonly keys = (): readonly KeyFile[] => this.#keys

  /** At each change of the configuration. */
  look(): void {
    const { node, trouble } = this.#parts
    const missing = this.#missing()
    trouble(missing.length > 0 ? missingTrouble(node, missing) : null)
  }

  /** Those that the configuration names no more go with it. Throws what the system says. */
  readonly take = (given: readonly KeyFile[]): Taken => {
    const named = namedIn(this.#parts.known())
    const refusals = given.flatMap((key): Refusal[] =>
      named.some((one) => isSame(one, key)) ? (isSecret(key.digits) ? [] : [noSecret(key)]) : [unnamed(key)],
    )
    if (refusals.length > 0) return { refusals }
    const kept = this.#keys.filter((key) => named.some((one) => isSame(one, key)))
    const old = kept.filter((key) => !given.some((one) => isSame(one, key)))
    const taken = given.filter((key) => !kept.some((one) => isSame(one, key) && one.digits === key.digits))
    const next = [...old, ...given].toSorted((one, other) => one.id - other.id)
    if (taken.length > 0 || kept.length < this.#keys.length) writeHeartbeatKeys(this.#parts.stateDir, next)
    this.#keys = next
    this.look()
    return { outcome: 'done', taken: taken.map(({ id }) => id), missing: this.#missing() }
  }

  #missing(): Named[] {
    return namedIn(this.#parts.known()).filter((one) => !this.#keys.some((key) => isSame(one, key)))
  }
}

const isSame = (one: Named, other: Named): boolean => one.id === other.id && one.file === other.file
const namedIn = (state: State | null): Named[] =>
  (state?.config.keys ?? []).flatMap(({ id, file }) => (file === null ? [] : [{ id, file }]))

const missingTrouble = (node: string, missing: readonly Named[]): Trouble => ({
  code: 'heartbeat-secret-missing',
  severity: 'warning',
  object: `node ${node}`,
  message: `lvsm-coordinator of ${node} does not have the secret of heartbeat key ${missing.map(({ id, file }) => `${id} (${file})`).join(', ')}: no machine joins by it`,
  hint: `on ${node}, as root: lvsm coordinators secrets`,
})
const unnamed = ({ id, file }: Named): Refusal => ({
  code: 'unknown-key',
  message: `the configuration has no heartbeat key ${id} with file ${file}`,
  hint: 'lvsm key list says which it has',
})
const noSecret = ({ id }: Named): Refusal => ({
  code: 'no-key',
  message: `what was given as heartbeat key ${id} is no secret: ${SECRET_WORDS}`,
  hint: 'openssl rand -hex 32 makes one',
})
