/**
 * `npm run soak`: longer attacks than `npm test` has time for. First the properties, again and again with other seeds, for
 * `--fuzz` seconds (60); then many random lives of simulated clusters; the model of the epochs (test/model); 10,000 lives of
 * coordinators (test/raft/soak.ts); the tests of test/soak, and the lab whole (`npm test -- lab:all`). The other options are those of test/sim/soak.ts, and
 * without what comes after it.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const FUZZ_S = 60

/** Takes `--fuzz S` out of the words. */
function fuzzSeconds(words: string[]): number {
  const at = words.indexOf('--fuzz')
  if (at < 0) return FUZZ_S
  const [, text = ''] = words.splice(at, 2)
  const seconds = Number(text)
  if (text !== '' && Number.isInteger(seconds) && seconds >= 0) return seconds
  process.stderr.write(`soak: --fuzz ${text} is not a whole number of seconds\n`)
  process.exit(2)
}

/** Gives the rounds that were run; ends the process with the first failure, whose seed the report names. */
function fuzz(seconds: number): number {
  const properties = globSync('{packages,agent,scripts,test}/**/*.test.ts', { cwd: root }).filter(
    (path) => !path.includes('node_modules') && readFileSync(join(root, path), 'utf8').includes("from 'fast-check'"),
  )
  const vitest = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    'unit',
    '--project',
    'pure',
    ...properties,
  ]
  const began = performance.now()
  const elapsedS = (): number => (performance.now() - began) / 1000
  for (let rounds = 0; ; rounds++) {
    if (elapsedS() >= seconds) return rounds
    const seed = String(randomInt(2 ** 31))
    const env = { ...process.env, LVSM_FUZZ_SEED: seed }
    const { status, stdout } = spawnSync(process.execPath, vitest, { cwd: root, encoding: 'utf8', env })
    if (status !== 0) {
      process.stdout.write(`${stdout}again: LVSM_FUZZ_SEED=${seed} npm test -- gate\n`)
      process.exit(1)
    }
    process.stdout.write(
      `${elapsedS().toFixed(0)} s: ${rounds + 1} rounds of ${properties.length} files with properties\n`,
    )
  }
}

const words = process.argv.slice(2)
const seconds = fuzzSeconds(words)
const rounds = fuzz(seconds)
if (seconds > 0) process.stdout.write(`properties: ${rounds} rounds passed\n`)
const lives = (path: string, options: readonly string[]): number =>
  spawnSync(process.execPath, [join(root, path), ...options], { stdio: 'inherit' }).status ?? 1
const clusters = lives('test/sim/soak.ts', words)
// With options of its own somebody looks for one life of test/sim.
const model = words.length === 0 ? lives('test/model/check.ts', []) : 0
const coordinators = words.length === 0 ? lives('test/raft/soak.ts', []) : 0
const tests = words.length === 0 ? lives('node_modules/vitest/vitest.mjs', ['run', '--project', 'soak']) : 0
const lab = words.length === 0 ? lives('scripts/test.ts', ['build', 'lab:all']) : 0
process.exit(clusters || model || coordinators || tests || lab)
