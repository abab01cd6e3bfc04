import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The repository. */
export const root = resolve(import.meta.dirname, '../..')

/** Kernel image, initramfs and the runs; `LVSM_CACHE` moves it. */
export const cache = join(process.env['LVSM_CACHE'] ?? join(root, '.cache'), 'lab')

export const dist = join(root, 'dist')

/** The first of the usual places that has the tool, or its bare name. */
export function tool(name: string): string {
  const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return places.map((place) => join(place, name)).find((path) => existsSync(path)) ?? name
}

/** A fault of the caller or of the machine, for people: no stack is shown. */
export class LabError extends Error {
  readonly next: string | undefined
  readonly status: number
  constructor(message: string, next?: string, status = 1) {
    super(message)
    this.next = next
    this.status = status
  }
}
