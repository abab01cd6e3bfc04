/** The lock of a run directory: one process for each of its sockets. */
import { type FileLock, lockFile } from '@lvsm/kernel'

export class DirectoryLock {
  readonly #path: string
  #lock: FileLock | null = null

  constructor(path: string) {
    this.#path = path
  }

  /**
   * False when another process has it. Also to be asked again: whoever removed the run directory removed the file of the
   * lock, and the next process would find a free one. Throws what the system says.
   */
  take(): boolean {
    this.#lock?.release()
    this.#lock = null
    this.#lock = lockFile(this.#path)
    return this.#lock !== null
  }
}
