/** `npm test`: everything, from types to a cluster on a real kernel; twenty minutes on a quiet machine; ends with `N passed, N failed`. */
import { build, contract, gate, hasContracts, lab, processes, type Stage } from './gate/stages.ts'
import { isGreen, NONE, sum, type Tally } from './gate/tally.ts'

/** Never less, however fast the first stages show this machine to be. */
const WHOLE_MS = 20 * 60_000
/** Of the time that build and gate took: the whole takes some seven times as long on a quiet machine, and far longer beside other work. */
const MULTIPLE = 45
/** Until the gate has shown it, and where it does not run: this only ends what hangs. */
const UNMEASURED_MS = 90 * 60_000

const began = performance.now()
let wholeMs = UNMEASURED_MS
const deadline = {
  within: (ms: number): number => Math.max(1000, Math.min(ms, wholeMs - (performance.now() - began))),
}

// `lab:failover` is the stage `lab` with the scenario files whose names contain `failover`.
const words = process.argv.slice(2)
const only = words.filter((word) => word.startsWith('lab:')).map((word) => word.slice('lab:'.length))
const names = words.map((word) => word.split(':', 1)[0] ?? '')
const all: readonly Stage[] = [build, gate, ...(hasContracts() ? [contract] : []), processes, lab(only)]
const unknown = names.filter((name) => !all.some((stage) => stage.name === name))
if (unknown.length > 0) {
  console.error(
    `test: unknown: ${unknown.join(' ')}\n  → npm test [-- ${all.map((stage) => stage.name).join(' | ')} | lab:FILE …]`,
  )
  process.exit(2)
}

const tallies: Tally[] = [NONE]
for (const stage of all.filter((one) => names.length === 0 || names.includes(one.name))) {
  console.log(`${stage.name}:`)
  const tally = await stage.run(deadline)
  tallies.push(tally)
  if (stage.name === 'gate') wholeMs = Math.max(WHOLE_MS, MULTIPLE * (performance.now() - began))
  if (stage.needed && tally.failed > 0) break
}
const total = sum(tallies)
if (total.failures.length > 0) console.log(`\nfailed:\n${total.failures.map((line) => `  ${line}`).join('\n')}`)
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exit(isGreen(total) ? 0 : 1)
