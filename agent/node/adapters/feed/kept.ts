/**
 * What an agent keeps of what it follows, in its state directory: the configuration's file, the facts, the nodes' heartbeat keys
 * (public halves), and where the coordinators are. Each is replaced as a whole; what is damaged, or of a newer version, reads as nothing kept, and is fetched anew.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { canonicalText, documentOf } from '@lvsm/changes'
import { documentText, judge } from '@lvsm/model'
import {
  decodeFollowedCoordinators,
  decodeFollowedFacts,
  decodeKeyRing,
  encodeFollowedCoordinators,
  encodeFollowedFacts,
  encodeKeyRing,
  FOLLOWED_COORDINATORS,
  type KeyRing,
  LONGEST_COORDINATORS,
  LONGEST_FACTS,
  LONGEST_KEY_RING,
} from '@lvsm/protocol'
import { readRegular, replaceFile } from '../../../process/files.ts'
import { type Follower, type Held, type Keep, NOTHING_HELD, revisionOf } from '../../feed/follower.ts'
import { notKept } from '../../feed/troubles.ts'

/** YAML: plain data is YAML too, below a comment with its checksum. */
export const FOLLOWED = 'followed.yaml'
export const FACTS = 'followed-facts.json'
const KEYS = 'followed-keys.json'
/** Bytes: what the agent reads as a configuration. */
const LARGEST = 8 << 20

/** SHA-256 in hexadecimal digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const HEAD = /^# lvsm-agent follows the coordinators: what is changed here is lost; sha256 ([0-9a-f]{64})\n/
const headOf = (body: string): string =>
  `# lvsm-agent follows the coordinators: what is changed here is lost; sha256 ${sha256(body)}\n`

const textAt = (path: string, most: number): string | null => {
  const read = readRegular(path, most, false)
  return read.ok ? read.bytes.toString() : null
}

/** Null: nobody said one yet, or it is damaged. */
export function readKeyRing(stateDir: string): KeyRing | null {
  const keys = textAt(join(stateDir, KEYS), LONGEST_KEY_RING)
  return keys === null ? null : decodeKeyRing(keys)
}

export function readKept(stateDir: string): Follower {
  const facts = textAt(join(stateDir, FACTS), LONGEST_FACTS)
  const coordinators = textAt(join(stateDir, FOLLOWED_COORDINATORS), LONGEST_COORDINATORS)
  return {
    ...NOTHING_HELD,
    held: heldOf(textAt(join(stateDir, FOLLOWED), LARGEST) ?? ''),
    facts: facts === null ? null : decodeFollowedFacts(facts),
    keys: readKeyRing(stateDir),
    coordinators: coordinators === null ? null : decodeFollowedCoordinators(coordinators),
  }
}

function heldOf(text: string): Held | null {
  const [head, sum] = HEAD.exec(text) ?? []
  const body = text.slice(head?.length ?? 0)
  if (head === undefined || sha256(body) !== sum) return null
  const file: unknown = JSON.parse(body)
  const { config, written } = judge(file)
  if (!written) return null
  return { revision: config.revision, sum: sha256(canonicalText(file)), document: documentOf(written) }
}

/** Null: it is on the disk, for certain. */
export function keep(stateDir: string, effect: Keep, follower: Follower): Trouble | null {
  const [name, text] = textOfKept(effect)
  const path = join(stateDir, name)
  try {
    replaceFile(path, text)
    return null
  } catch (error) {
    return notKept(path, (error as Error).message, revisionOf(follower))
  }
}

function textOfKept(effect: Keep): [name: string, text: string] {
  switch (effect.kind) {
    case 'keep': {
      const body = documentText(effect.file)
      return [FOLLOWED, `${headOf(body)}${body}`]
    }
    case 'keep-facts':
      return [FACTS, encodeFollowedFacts(effect.facts)]
    case 'keep-coordinators':
      return [FOLLOWED_COORDINATORS, encodeFollowedCoordinators(effect.list)]
    case 'keep-keys':
      return [KEYS, encodeKeyRing(effect.ring)]
  }
}
