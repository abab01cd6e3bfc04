/** An agent whose configuration is what the coordinator on this node has. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { checkConfig } from '@lvsm/model'
import type { Trouble } from '@lvsm/base'
import { readRegular } from '../process/files.ts'
import { Follower } from './adapters/follow.ts'
import { LARGEST_CONFIGURATION } from './configuration.ts'

/** What runs on a configuration, and may get another. */
export interface Followed {
  reload(reason: string): void
  note(source: 'follow', trouble: Trouble | null): void
}

/**
 * Starts with what was kept, whether the coordinator answers or not; the first time of all there is nothing to start with, and it
 * waits. `begin` returns null where it ended.
 */
export function follow(
  socket: string,
  { config: file }: { readonly config: string },
  { say }: { say(text: string): void },
  begin: () => Followed | null,
): Follower {
  let followed: Followed | null = null
  let complaint = ''
  const kept = keptRevision(file)
  if (kept > 0) followed = begin()
  else say(`waits for its first configuration (${socket})`)
  mkdirSync(dirname(file), { recursive: true, mode: 0o750 })
  return new Follower({
    socket,
    file,
    revision: kept,
    changed(revision) {
      if (followed) followed.reload(`revision ${revision}`)
      else followed = begin()
    },
    trouble(trouble) {
      followed?.note('follow', trouble)
      const text = trouble?.message ?? ''
      if (text !== '' && text !== complaint) say(`${text}\n  → ${trouble?.hint}`)
      complaint = text
    },
  })
}

/** 0: nothing that could be used. */
function keptRevision(file: string): number {
  const read = readRegular(file, LARGEST_CONFIGURATION, false)
  return read.ok ? (checkConfig(read.bytes.toString()).config?.revision ?? 0) : 0
}
