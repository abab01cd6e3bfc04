/**
 * A process that lives as the script says: `PATH run` writes for ever, four at a time, and prints the number of each answer.
 * `PATH hold` prints `open` and waits. A fault is printed; of a full one, `BALLAST` is removed, and ten more writes end it.
 */
import { rmSync, writeSync } from 'node:fs'
import { machineOf, scriptOf } from './fixture-register.ts'
import { openStore } from './store.ts'

const [path = '', mode = 'run', ballast = ''] = process.argv.slice(2)
const say = (line: string): void => void writeSync(1, `${line}\n`)
const result = await openStore({ path, machine: machineOf() })
if (!result.ok) {
  say(result.refusal.code)
  process.exit(1)
}
const { store } = result
if (mode === 'hold') {
  say('open')
  setInterval(() => undefined, 1000)
} else {
  let next = (store.content.entries.at(-1)?.index ?? store.content.snapshot.index) + 1
  let left = Number.POSITIVE_INFINITY
  const go = (): void => {
    const index = next++
    store.write(scriptOf(store.identity, index), null, ({ fault }) => {
      say(fault ?? String(index))
      if (fault === 'io' || --left <= 0) process.exit(0)
      if (fault === null) return go()
      rmSync(ballast)
      next = index
      left = 10
      for (let at = 0; at < 4; at++) go()
    })
  }
  for (let at = 0; at < 4; at++) go()
}
