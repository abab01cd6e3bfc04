/** Many lives: `soak.ts [--seeds N] [--seconds S] [--from SEED] [--plot NAME] [--history]`; exit 1 when one of them failed. */
import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { live } from './life.ts'
import { HONEST } from './plant.ts'
import { PLOTS } from './plots.ts'

/** It gives way to everything else on the machine. */
const NICE = 10
const SEEDS = 10_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: String(SEEDS) },
    seconds: { type: 'string', default: 'Infinity' },
    from: { type: 'string', default: '1' },
    plot: { type: 'string' },
    history: { type: 'boolean', default: false },
  },
})
const [seeds, seconds, from] = [values.seeds, values.seconds, values.from].map(Number) as [number, number, number]
const plots = PLOTS.filter(({ name }) => name === (values.plot ?? name))
if (plots.length === 0 || [seeds, seconds, from].some(Number.isNaN)) {
  process.stderr.write(`soak: plots are ${PLOTS.map(({ name }) => name).join(', ')}; the others are numbers\n`)
  process.exit(2)
}

setPriority(NICE)
const began = performance.now()
let passed = 0
let failed = 0
let done = 0
for (let seed = from; seed < from + seeds && performance.now() - began < seconds * 1000; seed++) {
  const outcome = live(seed, HONEST, plots[seed % plots.length])
  done += outcome.done
  if (outcome.failure === null) passed += 1
  else failed += 1
  if (values.history) console.log(outcome.lines.join('\n'))
  if (outcome.failure !== null) console.log(outcome.why)
}
const tookS = (performance.now() - began) / 1000
console.log(`${passed} passed, ${failed} failed; ${done} operations, from seed ${from}, in ${tookS.toFixed(0)} s`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
