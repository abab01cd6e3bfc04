/** bash itself completes. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { bashCompletion } from '../src/completion.ts'
import { program } from '../src/program.ts'
import { terminal } from '../src/terminal.ts'

const SCRIPT = bashCompletion(program('0.0.0', terminal(), () => undefined))

/** What bash offers behind these words. */
function offered(...words: string[]): string[] {
  const line = ['lvsm', ...words].map((word) => `'${word}'`).join(' ')
  const asked = `${SCRIPT}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _lvsm; printf '%s\\n' "\${COMPREPLY[@]}"`
  const said = execFileSync('bash', ['--norc', '-euc', asked], { encoding: 'utf8' })
  return said.split('\n').filter(Boolean)
}

test.each<[string[], string[]]>([
  [['statu'], ['status']],
  [['config', 'ro'], ['rollback']],
  [
    ['--node', 'dir1', 'fence', ''],
    ['status', 'help', '--help'],
  ],
  [
    ['standby', 'o'],
    ['on', 'off'],
  ],
  [['config', 'show', '--rev'], ['--revision']],
  [['node', 'add', 'dir1', '--dry'], ['--dry-run']],
  [['nonsense', 'statu'], ['status']],
])('lvsm %j', (words, expected) => expect(offered(...words)).toEqual(expected))

test('every command and option of the root is offered', () => {
  expect(offered('')).toEqual(expect.arrayContaining(['config', 'drain', 'group', 'switchover', '--socket', '--help']))
})
