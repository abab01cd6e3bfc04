/** `npm run mutants -- PATH …`: mistakes of one edit, planted one by one; prints those that no test notices. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '@lvsm/base'
import { roomOf } from '../tidy/rooms.ts'
import { attack, shown } from './attack.ts'
import { mutantsIn, shuffled } from './enumerate.ts'
import { Judge } from './judge.ts'

const TREE = join(import.meta.dirname, '..', '..')
const USAGE = 'usage: npm run mutants -- PATH[:LINE] … [--count N] [--seed S] [--soak SEEDS] [--list | --caught]'

function fail(text: string): never {
  process.stderr.write(`mutants: ${text}\n${USAGE}\n`)
  process.exit(2)
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        count: { type: 'string', default: '60' },
        seed: { type: 'string', default: '1' },
        soak: { type: 'string', default: '300' },
        list: { type: 'boolean', default: false },
        caught: { type: 'boolean', default: false },
      },
    })
    const whole = (name: 'count' | 'seed' | 'soak'): number => {
      const value = Number(values[name])
      return Number.isInteger(value) && value >= 0 ? value : fail(`--${name} ${values[name]} is not a whole number`)
    }
    if (positionals.length === 0) fail('which files?')
    return { ...values, paths: positionals, count: whole('count'), seed: whole('seed'), soak: whole('soak') }
  } catch (error) {
    return fail((error as Error).message)
  }
}

async function main(): Promise<void> {
  const { paths, count, seed, soak, list, caught } = options()
  const all = paths.flatMap((path) => mutantsIn(TREE, path))
  const chosen = shuffled(all, seededRandom(seed)).slice(0, count)
  console.log(`${chosen.length} of ${all.length} mistakes, seed ${seed}`)
  if (list) {
    for (const mutant of chosen) console.log(shown(mutant))
    return
  }
  const roomPath = (file: string): string => roomOf(file)?.path ?? file.split('/').slice(0, -1).join('/')
  const judge = new Judge(TREE, roomPath, soak)
  const stop = (): never => {
    judge.close()
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  try {
    const red = await judge.baseline([...new Set(chosen.map((mutant) => mutant.file))])
    if (red !== null) return fail(`without a mistake the tests are red already: ${red}`)
    if (judge.leftOut.length > 0) console.log(`not asked, red without a mistake: ${judge.leftOut.join(', ')}`)
    const began = performance.now()
    await attack({
      mutants: chosen,
      judge: (mutant) => judge.judge(mutant),
      roomOf: roomPath,
      print: (line) => console.log(line),
      verbose: caught,
    })
    console.log(`${((performance.now() - began) / 1000 / chosen.length).toFixed(1)} s each`)
  } finally {
    judge.close()
  }
}

await main()
