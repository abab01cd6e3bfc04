/** `POST /v1/backup` on the unix socket: a copy of the database as the body. Nobody gets it over the network. */
import { createReadStream, rmSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { BACKUP, BACKUP_HEADER, type BackupHead, encodeBackupHead } from '@lvsm/protocol'
import { refuse } from '../../../agent/process/http.ts'
import type { Caller } from '../../../agent/process/caller.ts'
import { refusedWith } from '../../api/reply.ts'
import { type Gate, writeDown } from './gate.ts'

export type MadeBackup =
  /** A file that is this answer's: it is removed when it was sent, or was not. */
  | { readonly ok: true; readonly path: string; readonly head: BackupHead }
  | { readonly ok: false; readonly reason: string }

export interface BackupSetting {
  readonly host: Gate['host']
  readonly wallClock: () => number
  readonly backup: () => Promise<MadeBackup>
  crashed(error: unknown): void
}

export class Backups {
  readonly #setting: BackupSetting
  #isBusy = false
  constructor(setting: BackupSetting) {
    this.#setting = setting
  }

  serve(caller: Caller, incoming: IncomingMessage, response: ServerResponse): void {
    incoming.resume()
    if (incoming.method !== BACKUP.method)
      return refuse(response, 405, { code: 'bad-method', message: `${incoming.method} is not for ${BACKUP.path}` })
    if (caller.role !== 'admin') {
      const message = `${caller.name} is ${caller.role}, and a backup has the keys of the cluster`
      const refusal = { code: 'not-allowed', message, hint: 'run it as root' }
      writeDown(this.#setting, BACKUP, caller, refusedWith(403, [refusal]))
      return refuse(response, 403, refusal)
    }
    if (this.#isBusy)
      return refuse(response, 503, { code: 'busy', message: 'a backup is made already', hint: 'wait for its end' })
    this.#isBusy = true
    this.#send(caller, response)
      .catch((error: unknown) => {
        this.#setting.crashed(error)
        if (!response.headersSent) refuse(response, 500, { code: 'bug', message: 'a fault of the coordinator itself' })
      })
      .finally(() => (this.#isBusy = false))
  }

  async #send(caller: Caller, response: ServerResponse): Promise<void> {
    const made = await this.#setting.backup()
    if (!made.ok) {
      this.#note(caller, 503, 'no-backup')
      const hint = 'nothing was changed; make room where the coordinator keeps its database, or look at its disk'
      return refuse(response, 503, { code: 'no-backup', message: `there is no backup: ${made.reason}`, hint })
    }
    const { path, head } = made
    this.#note(caller, 200, `revision ${head.revision}`)
    response.writeHead(200, {
      'content-type': 'application/vnd.sqlite3',
      'content-length': statSync(path).size,
      [BACKUP_HEADER]: encodeBackupHead(head),
    })
    // Who goes away has no whole file, and knows it.
    await new Promise<void>((resolve) => pipeline(createReadStream(path), response, () => resolve()))
    rmSync(path, { force: true })
  }

  #note({ name, from }: Caller, status: number, result: string): void {
    const { host, wallClock } = this.#setting
    host.audit.note({ at: wallClock(), who: name, from, what: `${BACKUP.method} ${BACKUP.path}`, status, result })
  }
}
