/** Small disks of the coordinators, which can be full. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { placesOf } from '../places.ts'
import { command } from './command.ts'

/** The database and its log have room; and it is full within a second. */
const MIB = 24
const BALLAST = 'ballast'

export class Disks {
  readonly #all = new Set<string>()

  /** Before a process of the node runs: those that do would not see it. Throws what mount says. */
  async add(node: string): Promise<void> {
    if (this.#all.has(node)) return
    const place = placesOf(node).coordinatorState
    mkdirSync(place, { recursive: true })
    const { code, text } = await command(['mount', '-t', 'tmpfs', '-o', `size=${MIB}m,mode=0700`, 'tmpfs', place])
    if (code !== 0) throw new Error(`${place}: ${text}`)
    this.#all.add(node)
  }

  /** To the last byte. */
  fill(node: string): string {
    if (!this.#all.has(node)) throw new RangeError(`${node} has no disk of its own: no coordinator is there`)
    const fd = openSync(join(placesOf(node).coordinatorState, BALLAST), 'a', 0o600)
    try {
      for (const size of [1 << 20, 1 << 12, 1]) while (fits(fd, size));
    } finally {
      closeSync(fd)
    }
    return `${node}: the disk of its coordinator is full`
  }

  heal(): void {
    for (const node of this.#all) rmSync(join(placesOf(node).coordinatorState, BALLAST), { force: true })
  }
}

function fits(fd: number, size: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(size)) === size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
