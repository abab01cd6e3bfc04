/**
 * Runs scenario files one after the other in one boot: `driver.mjs FILE…`. Between two files everything is healed and
 * started again, and the cluster has to settle (`--bare`: there is none); numbers go on through all files, so that the host can check the plan.
 * `--sample`: without the scenarios that are left to the soak; `--only=TEXT|TEXT`: only those in whose names one of these texts stands.
 */
import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { messageOf } from './harness.ts'
import { ONLY, SAMPLE } from './scenario.ts'
import { settle } from './settle.ts'

/** It only ends what hangs. */
const FILE_TIMEOUT_MS = 1_800_000

/** A scenario's line, or that of an oracle, which has no numbers. */
const RESULT = /^(?:(not )?ok \d+ - |ok {2,}|(FAIL) {2,})(.*)$/

let count = 0
let failed = 0
const say = (ok: boolean, what: string): void => {
  count += 1
  if (!ok) failed += 1
  console.log(`${ok ? 'ok' : 'not ok'} ${count} - ${what}`)
}

/** Relays the file's lines with numbers that go on; a file that said nothing, or died, is a failure too. */
async function runFile(file: string): Promise<void> {
  const name = basename(file, '.mjs').replace(/\.lab$/, '')
  console.log(`# ${name}`)
  const child = spawn(process.execPath, ['--enable-source-maps', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), FILE_TIMEOUT_MS)
  let seen = 0
  let wrong = 0
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal ?? String(code)))
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const result = RESULT.exec(line)
    if (result) {
      seen += 1
      const bad = result[1] !== undefined || result[2] !== undefined
      if (bad) wrong += 1
      say(!bad, `${name}: ${result[3]}`)
    } else if (!/^1\.\.\d+$/.test(line)) console.log(line)
  }
  const end = await ended
  clearTimeout(timer)
  if (seen === 0) say(false, `${name}: ran no scenario (ended with ${end})`)
  else if (end !== '0' && wrong === 0) say(false, `${name}: ended with ${end} after ${seen} scenarios`)
}

const bare = process.argv.includes('--bare')
if (process.argv.includes('--sample')) process.env[SAMPLE] = 'yes'
const rows = process.argv.find((word) => word.startsWith('--only='))
if (rows) process.env[ONLY] = rows.slice('--only='.length)
const files = process.argv.slice(2).filter((word) => !word.startsWith('--'))
for (const [index, file] of files.entries()) {
  await runFile(file)
  if (index === files.length - 1 || bare) continue
  try {
    await settle()
  } catch (error) {
    say(false, `after ${basename(file, '.mjs')}: the cluster settles`)
    console.log(`#   ${messageOf(error)}`)
  }
}
console.log(`1..${count}`)
process.exit(failed > 0 || count === 0 ? 1 : 0)
