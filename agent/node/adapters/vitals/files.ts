/** Files of /sys and /proc, read beside the loop: a driver that is asked, or a lock of the kernel, may take its time. */
import { readdir, readFile } from 'node:fs/promises'

/** Null: it is not there, or says nothing now. */
export const textAt = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
export const namesAt = (path: string): Promise<readonly string[]> => readdir(path).catch(() => [])

/** Null: it says no number. */
export async function numberAt(path: string): Promise<number | null> {
  const text = await textAt(path)
  const number = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : null
}
