/** `npm run check`: the gate. Types, lint, format, walls, house, unit tests, cases, a slice of the simulation; three minutes at most. */
import { passGate } from './gate/gate.ts'
import { isGreen, sum } from './gate/tally.ts'

const BUDGET_S = 180

const unknown = process.argv.slice(2).filter((word) => word !== '--fix')
if (unknown.length > 0) {
  console.error(
    `check: unknown: ${unknown.join(' ')}\n  → npm run check [-- --fix]   (--fix formats, and mends what the linter can)`,
  )
  process.exit(2)
}
const began = performance.now()
const results = await passGate(process.argv.includes('--fix'))
const tally = sum(results.map((result) => result.tally))
const seconds = (performance.now() - began) / 1000
const broken = results.filter((result) => !isGreen(result.tally)).map((result) => result.step)
console.log(
  broken.length === 0
    ? `check: ${results.length} steps, ${tally.passed} checks and tests, all well in ${seconds.toFixed(1)} s`
    : `check: failed: ${broken.join(', ')} (${seconds.toFixed(1)} s)`,
)
if (seconds > BUDGET_S)
  console.log(`check: over its budget of ${BUDGET_S} s: make the slowest step faster, or move tests to the lab`)
process.exitCode = isGreen(tally) ? 0 : 1
