/** The state directory of a coordinator: who it is, its key and certificate, and its database. For its user only. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '@lvsm/base'
import {
  type CoordinatorHome,
  decodeKeyFiles,
  decodeHome,
  encodeKeyFiles,
  encodeHome,
  type KeyFile,
  LONGEST_HOME,
  LONGEST_KEY_FILES,
} from '@lvsm/protocol'
import { isThere, readRegular, replaceFile } from '../agent/process/files.ts'
import type { Authority } from '@lvsm/trust'
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

export const homeFiles = {
  self: 'coordinator.json',
  certificate: 'node.crt',
  privateKey: 'node.key',
  authority: 'authority.crt',
} as const
/** Every coordinator lets nodes in, and signs their certificates. */
const AUTHORITY_KEY = 'authority.key'
/** Of nodes that join; of the first document. */
const HEARTBEAT_KEYS = 'heartbeat-keys.json'

export const databaseOf = (stateDir: string): string => join(stateDir, 'coordinator.db')
export const authorityOf = (stateDir: string): string => join(stateDir, homeFiles.authority)
/** A cluster began here, or was about to be joined. */
export const isSettled = (stateDir: string): boolean => isThere(databaseOf(stateDir))
/** It is known who this is: the last thing that is written. */
export const isHome = (stateDir: string): boolean => isThere(join(stateDir, homeFiles.self))
/** There while a cluster begins: what it left half-way may be written over, and nothing else may. */
const BEGINNING = 'beginning'
export const beginsIn = (stateDir: string): void => replaceFile(join(stateDir, BEGINNING), '')
export const hasBegunIn = (stateDir: string): void => rmSync(join(stateDir, BEGINNING), { force: true })
/** Keys of a coordinator whose database is elsewhere, or lost: the first of them. */
export const abandonedIn = (stateDir: string): string | null =>
  isThere(join(stateDir, BEGINNING))
    ? null
    : ([AUTHORITY_KEY, homeFiles.self, homeFiles.authority].map((name) => join(stateDir, name)).find(isThere) ?? null)
/** Bytes. */
export const LONGEST_KEY = 16_384

const missing = (message: string): ReadHome => ({
  ok: false,
  refusal: {
    code: 'no-coordinator',
    message,
    hint: 'begin a cluster here (lvsm init), join one (lvsm join TOKEN), or take the whole state directory from a backup',
  },
})

export function readHome(stateDir: string): ReadHome {
  const texts = new Map<string, string>()
  for (const name of Object.values(homeFiles)) {
    const path = join(stateDir, name)
    const read = readRegular(path, LONGEST_HOME, false)
    if (!read.ok) return missing(`${path}: ${read.reason}`)
    const [doubt] = doubtSecret(path)
    if (doubt) return { ok: false, refusal: { code: 'exposed', ...doubt } }
    texts.set(name, read.bytes.toString())
  }
  const text = (name: string): string => texts.get(name) ?? ''
  const self = decodeHome(text(homeFiles.self))
  if (!self) return missing(`${join(stateDir, homeFiles.self)} is damaged, or of a newer lvsm`)
  const [certificate, privateKey, authority] = [
    text(homeFiles.certificate),
    text(homeFiles.privateKey),
    text(homeFiles.authority),
  ]
  return { ok: true, home: { self, certificate, privateKey, authority } }
}

/** Throws what the system says. */
export function writeHome(stateDir: string, home: Home, authorityKey: string): void {
  replaceFile(join(stateDir, AUTHORITY_KEY), authorityKey)
  replaceFile(join(stateDir, homeFiles.authority), home.authority)
  replaceFile(join(stateDir, homeFiles.privateKey), home.privateKey)
  replaceFile(join(stateDir, homeFiles.certificate), home.certificate)
  writeSelf(stateDir, home.self)
}
export const writeSelf = (stateDir: string, self: CoordinatorHome): void =>
  replaceFile(join(stateDir, homeFiles.self), encodeHome(self))

/** Whatever of it there is, by name: for a backup. */
export const readFiles = (stateDir: string): [name: string, content: string][] =>
  [...Object.values(homeFiles), AUTHORITY_KEY, HEARTBEAT_KEYS].flatMap((name): [string, string][] => {
    const read = readRegular(join(stateDir, name), LONGEST_KEY_FILES, false)
    return read.ok ? [[name, read.bytes.toString()]] : []
  })

/** To sign with; null: it is not here. */
export function readAuthority(stateDir: string, certificate: string): Authority | null {
  const read = readRegular(join(stateDir, AUTHORITY_KEY), LONGEST_HOME, false)
  return read.ok ? { certificate, privateKey: read.bytes.toString() } : null
}

/** Empty where none are kept here. */
export function readHeartbeatKeys(stateDir: string): readonly KeyFile[] {
  const read = readRegular(join(stateDir, HEARTBEAT_KEYS), LONGEST_KEY_FILES, false)
  return (read.ok && decodeKeyFiles(read.bytes.toString())) || []
}
/** Throws what the system says. */
export const writeHeartbeatKeys = (stateDir: string, keys: readonly KeyFile[]): void =>
  replaceFile(join(stateDir, HEARTBEAT_KEYS), encodeKeyFiles(keys))
