import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cache } from './paths.ts'

/**
 * Labs take turns: two emulated machines on the same cores starve each other, and what runs inside misses its deadlines.
 * `LVSM_LAB_SHARE=1` goes ahead beside another lab.
 */
const record = join(cache, 'turn')

/** Process number and the kernel's start time of it, so that a number used again is not taken for the same process; none once it has ended. */
export function identity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`
  } catch {
    return undefined
  }
}

function holder(): number | undefined {
  if (!existsSync(record)) return undefined
  const text = readFileSync(record, 'utf8')
  const pid = Number(text.split(' ')[0])
  return pid > 0 && identity(pid) === text ? pid : undefined
}

/** A lab that stays up after this command keeps its turn until its own end. */
export function passTurn(pid: number): void {
  const heir = identity(pid)
  if (heir !== undefined && holder() === process.pid) writeFileSync(record, heir)
}

/** Waits until no other command of this cache has a lab. Gives what ends the turn; a second call of a holder costs nothing. */
export async function takeTurn(): Promise<() => void> {
  if (process.env['LVSM_LAB_SHARE']) return () => {}
  mkdirSync(cache, { recursive: true })
  const own = identity(process.pid) as string
  const free = (): void => {
    if (holder() === process.pid) rmSync(record, { force: true })
  }
  let told = false
  for (;;) {
    const other = holder()
    if (other === process.pid) return free
    if (other === undefined) {
      try {
        rmSync(record, { force: true })
        writeFileSync(record, own, { flag: 'wx' })
        await sleep(50) // Another that saw the same stale record may have removed ours.
        continue
      } catch {
        continue
      }
    }
    if (!told)
      process.stderr.write(
        `· another lab runs (process ${other}): waiting for its end; LVSM_LAB_SHARE=1 goes ahead beside it\n`,
      )
    told = true
    await sleep(300)
  }
}
