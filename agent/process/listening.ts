/**
 * A unix socket that is for its owner only from the moment that it is there, and that is made again when somebody removes
 * it, or the whole run directory, under the process: who is connected stays so, and who comes later finds it.
 */
import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Server } from 'node:net'
import { dirname } from 'node:path'

const LOOK_MS = 1000

export interface ListeningEvents {
  /** Not once yet. */
  failed(error: NodeJS.ErrnoException): void
  /** Before it is made again: is the run directory still, or again, this process's own? */
  mayAgain(): boolean
  say(text: string): void
  /** Number of a group whose members may connect too; without: the owner alone, and root. */
  readonly group?: number | undefined
}
export interface Listening {
  /** Takes the socket away; who is connected stays so. `closed` is called when the last of them is gone. */
  close(closed?: () => void): void
}

/** The caller holds the run directory's lock, so a file that is in the way is a leftover. */
export function keepListening(server: Server, path: string, events: ListeningEvents): Listening {
  let own: string | null = null
  let complaint = ''
  let looking = false
  let closed = false
  const complain = (text: string): void => {
    if (text !== complaint) events.say(text)
    complaint = text
  }
  const open = (): void => {
    listenPrivately(server, path)
    if (!server.listening) return
    own = identityOf(statSync(path))
    if (events.group !== undefined) shareWith(path, events.group, events.say)
  }
  const again = (): void => {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
      if (!events.mayAgain()) return complain(`${path} is another process's now: this one cannot be reached`)
      server.close()
      open()
      complaint = ''
      events.say(`somebody removed ${path}: it was made again`)
    } catch (error) {
      complain(`${path} is gone, and cannot be made again: ${(error as Error).message}; it is tried again each second`)
    }
  }
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    const found = await stat(path).then(identityOf, () => null)
    looking = false
    if (own !== null && found !== own && !closed) again()
  }
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (own === null) events.failed(error)
    else complain(`cannot listen on ${path}: ${error.message}; it is tried again each second`)
  })
  try {
    open()
  } catch (error) {
    // Told as the others are: after the caller has what this function returns.
    process.nextTick(() => events.failed(error as NodeJS.ErrnoException))
  }
  const timer = setInterval(() => void look(), LOOK_MS)
  return {
    close(done) {
      closed = true
      clearInterval(timer)
      server.close(done)
      rmSync(path, { force: true })
    },
  }
}

/** In one turn, and under the mask that the process set at its start: at no moment may others connect. */
function listenPrivately(server: Server, path: string): void {
  rmSync(path, { force: true })
  server.listen(path)
  if (server.listening) chmodSync(path, 0o600)
}

/** The group before the mode: at no moment may another one connect. The directory leads to it. */
function shareWith(path: string, group: number, say: (text: string) => void): void {
  const directory = dirname(path)
  try {
    chownSync(directory, -1, group)
    chmodSync(directory, statSync(directory).mode | 0o010)
    chownSync(path, -1, group)
    chmodSync(path, 0o660)
  } catch (error) {
    say(`members of group ${group} cannot use ${path}: ${(error as Error).message}`)
  }
}

const identityOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`
