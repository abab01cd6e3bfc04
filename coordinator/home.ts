/** The state directory of a coordinator: who it is, its key and certificate, and its database. For its user only. */
import { join } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { type CoordinatorHome, decodeHome, encodeHome, LONGEST_HOME } from '@lvsm/protocol'
import { isThere, readRegular, replaceFile } from '../agent/process/files.ts'
import { doubtSecret } from '../agent/process/trust.ts'

/** PEM. */
export interface Credentials {
  readonly certificate: string
  readonly privateKey: string
  /** Certificate of the cluster's authority. */
  readonly authority: string
}
export interface Home extends Credentials {
  readonly self: CoordinatorHome
}
export type ReadHome = { readonly ok: true; readonly home: Home } | { readonly ok: false; readonly refusal: Refusal }

const FILES = {
  self: 'coordinator.json',
  certificate: 'node.crt',
  privateKey: 'node.key',
  authority: 'authority.crt',
} as const
/** Only where the cluster began, until other coordinators have it too. */
const AUTHORITY_KEY = 'authority.key'

export const databaseOf = (stateDir: string): string => join(stateDir, 'coordinator.db')
export const authorityOf = (stateDir: string): string => join(stateDir, FILES.authority)
/** A cluster began here, or joined one. */
export const isSettled = (stateDir: string): boolean => isThere(databaseOf(stateDir))

const missing = (message: string): ReadHome => ({
  ok: false,
  refusal: {
    code: 'no-coordinator',
    message,
    hint: 'begin a cluster here (lvsm-coordinator --found FILE), or take the whole state directory from a backup',
  },
})

export function readHome(stateDir: string): ReadHome {
  const texts = new Map<string, string>()
  for (const name of Object.values(FILES)) {
    const path = join(stateDir, name)
    const read = readRegular(path, LONGEST_HOME, false)
    if (!read.ok) return missing(`${path}: ${read.reason}`)
    const [doubt] = doubtSecret(path)
    if (doubt) return { ok: false, refusal: { code: 'exposed', ...doubt } }
    texts.set(name, read.bytes.toString())
  }
  const text = (name: string): string => texts.get(name) ?? ''
  const self = decodeHome(text(FILES.self))
  if (!self) return missing(`${join(stateDir, FILES.self)} is damaged, or of a newer lvsm`)
  const [certificate, privateKey, authority] = [text(FILES.certificate), text(FILES.privateKey), text(FILES.authority)]
  return { ok: true, home: { self, certificate, privateKey, authority } }
}

/** `authorityKey` null: somebody else signs. Throws what the system says. */
export function writeHome(stateDir: string, home: Home, authorityKey: string | null): void {
  if (authorityKey !== null) replaceFile(join(stateDir, AUTHORITY_KEY), authorityKey)
  replaceFile(join(stateDir, FILES.authority), home.authority)
  replaceFile(join(stateDir, FILES.privateKey), home.privateKey)
  replaceFile(join(stateDir, FILES.certificate), home.certificate)
  replaceFile(join(stateDir, FILES.self), encodeHome(home.self))
}
