/**
 * Spin over the rule of epochs (`epochs.pml`): what the law book says must hold in every state of three shapes of clusters, and each
 * mistake that is planted there must be found, else the model proves nothing. Exit 1 when not.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODEL = fileURLToPath(new URL('epochs.pml', import.meta.url))
/** MiB that one walk may take; more ends it, as a failure. */
const MEMORY = 8192

interface Case {
  readonly name: string
  readonly define: readonly string[]
  readonly holds: boolean
}
const SHAPES: readonly Case[] = ['voters are added', 'voters are removed', 'one is removed, another one added'].map(
  (name, at) => ({ name, define: [`SHAPE=${at + 1}`], holds: true }),
)
const MISTAKES: readonly Case[] = [
  { name: 'two voters are exchanged at once', define: ['SHAPE=4'], holds: false },
  { name: 'the next epoch waits for reports alone', define: ['SHAPE=2', 'NO_WAIT'], holds: false },
  { name: 'the next epoch waits for a time alone', define: ['SHAPE=2', 'NO_REPORT'], holds: false },
  { name: 'what was lent ends with the epoch', define: ['SHAPE=1', 'DROP'], holds: false },
  { name: 'a vote counts in lower epochs, too', define: ['SHAPE=2', 'LOWER'], holds: false },
  { name: 'a start goes back to the first epoch', define: ['SHAPE=2', 'BACK'], holds: false },
]

function run(directory: string, program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (error) throw new Error(`${program}: ${error.message}\n  → apt-get install spin gcc libc6-dev`)
  if (status !== 0 && program !== './pan') throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`)
  return stdout
}

/** How many states there are, and whether one of them has two holders; throws where not all were seen. */
function walk({ define, holds }: Case): { readonly states: number; readonly isFound: boolean } {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-model-'))
  try {
    run(directory, 'spin', '-a', ...define.map((one) => `-D${one}`), MODEL)
    // Breadth first: a mistake is a few steps away, and depth first goes round it for hours.
    run(directory, 'gcc', '-w', '-O2', '-DSAFETY', '-DBFS', '-DCOLLAPSE', `-DMEMLIM=${MEMORY}`, '-o', 'pan', 'pan.c')
    const said = run(directory, './pan')
    const states = Number(/^\s*([\d.e+]+) states, stored/m.exec(said)?.[1] ?? Number.NaN)
    const errors = Number(/errors: (\d+)/.exec(said)?.[1] ?? Number.NaN)
    const isWhole = !/Search not completed|max search depth too small/.test(said)
    if (Number.isNaN(errors) || Number.isNaN(states) || (holds && errors === 0 && !isWhole))
      throw new Error(`not all states were seen:\n${said.slice(-2000)}`)
    return { states, isFound: errors > 0 }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

let failed = 0
const cases = [...SHAPES, ...MISTAKES]
for (const one of cases) {
  const began = performance.now()
  const { states, isFound } = walk(one)
  const isRight = isFound !== one.holds
  if (!isRight) failed += 1
  const what = isFound ? 'two directors hold the lease at once' : 'never two that hold the lease at once'
  const took = ((performance.now() - began) / 1000).toFixed(0)
  console.log(
    `${isRight ? 'ok' : 'not ok'} - ${one.holds ? '' : 'planted: '}${one.name}: ${what}; ${states} states, ${took} s`,
  )
}
console.log(`model: ${cases.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
