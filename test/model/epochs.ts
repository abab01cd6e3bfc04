/**
 * The rule of epochs, looked at in every state (`epochs.pml`): Debian's `spin` makes a program of the model, which must find nothing
 * wrong with the rule, and something with each of its mistakes. Without `spin` or a C compiler it says so, and does nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODEL = fileURLToPath(new URL('epochs.pml', import.meta.url))

interface Case {
  readonly name: string
  readonly defines: readonly string[]
  readonly isSound: boolean
}
const shape = (number: number, ...mistakes: readonly string[]): string[] => [`SHAPE=${number}`, ...mistakes]
const CASES: readonly Case[] = [
  { name: 'voters are added', defines: shape(1), isSound: true },
  { name: 'voters are removed', defines: shape(2), isSound: true },
  { name: 'one is removed, another one added', defines: shape(3), isSound: true },
  { name: 'committed without a wait', defines: shape(3, 'NO_WAIT'), isSound: false },
  { name: 'committed after a wait alone', defines: shape(3, 'NO_REPORT'), isSound: false },
  { name: 'grants are dropped', defines: shape(3, 'DROP'), isSound: false },
  { name: 'votes in lower epochs', defines: shape(3, 'LOWER'), isSound: false },
  { name: 'a start goes back', defines: shape(3, 'BACK'), isSound: false },
  { name: 'two voters at once', defines: shape(4), isSound: false },
]
/** Ticks that are lived, and starts of voters: further ones find nothing new, and cost ten times as much. */
const BOUNDS = ['END=6', 'STARTS=1']

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

function check({ name, defines, isSound }: Case, directory: string): boolean {
  const words = [...defines, ...BOUNDS].map((define) => `-D${define}`)
  execFileSync('spin', [...words, '-a', MODEL], { cwd: directory })
  execFileSync('cc', ['-O2', '-DSAFETY', '-DMEMLIM=4096', '-o', 'pan', 'pan.c'], { cwd: directory })
  const out = execFileSync(join(directory, 'pan'), ['-m1000000', '-w26'], { cwd: directory, encoding: 'utf8' })
  const [, errors = '?'] = /errors: (\d+)/.exec(out) ?? []
  const [, states = '?'] = /^\s*(\S+) states, stored/m.exec(out) ?? []
  const isWhole = !/Search not completed|max search depth too small|out of memory/.test(out)
  const isRight = isSound ? errors === '0' && isWhole : errors === '1'
  console.log(`${isRight ? 'right' : 'WRONG'}: ${name}: ${errors} errors in ${states} states${isSound ? '' : ', one is expected'}`)
  if (!isRight) console.log(out)
  return isRight
}

if (isThere('spin') && isThere('cc')) {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-epochs-'))
  try {
    process.exitCode = CASES.map((one) => check(one, directory)).every(Boolean) ? 0 : 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
} else console.log('the model of the epochs was not looked at: it needs spin and a C compiler (apt-get install spin gcc)')
