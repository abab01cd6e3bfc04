// One at a time.
import { accessSync, constants as files, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root, undo } from './steps.mjs'

/** Two commands started at once do not install at once. */
export async function alone(work) {
  const lock = join(root, '.cache', 'setup.lock')
  try {
    mkdirSync(dirname(lock), { recursive: true })
    accessSync(dirname(lock), files.W_OK)
  } catch {
    return work() // A checkout of somebody else's: what can be done here needs no lock.
  }
  const owner = () => {
    try {
      const pid = Number(readFileSync(lock, 'utf8'))
      return pid > 0 && existsSync(`/proc/${pid}`)
    } catch {
      return false
    }
  }
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch {
      if (!owner()) rmSync(lock, { force: true })
      else await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  const free = () => rmSync(lock, { force: true })
  undo.push(free)
  try {
    return await work()
  } finally {
    free()
    undo.splice(undo.indexOf(free), 1)
  }
}
