// Plain JavaScript for the Node that the machine has (18 or newer), without node_modules: brings what is missing
// (Debian and npm packages), then runs the command with the project's own Node.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { alone } from './start/alone.mjs'
import { debianPackages, missingPackages } from './start/debian.mjs'
import { modulesAreRight, npmPackages } from './start/npm.mjs'
import { has, places, root, Stop, undoAll } from './start/steps.mjs'

/**
 * Script of each command; `lab`: it boots the lab, which takes Debian packages; `browser`: it opens the console; `model`: it walks
 * through the model of the epochs.
 */
const commands = {
  demo: { script: 'scripts/demo/main.ts', lab: true },
  test: { script: 'scripts/test.ts', lab: true, browser: true },
  lab: { script: 'scripts/lab/main.ts', lab: true },
  bench: { script: 'scripts/bench/main.ts', lab: true },
  soak: { script: 'scripts/soak.ts', lab: true, model: true },
  mutants: { script: 'scripts/mutants/main.ts', lab: false },
  check: { script: 'scripts/check.ts', lab: false },
  build: { script: 'scripts/build.ts', lab: false },
  package: { script: 'scripts/package/main.ts', lab: false },
}

/** The Node that the project brings as a package; the machine's own where that is new enough. */
function projectNode() {
  const own = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
  if (existsSync(own)) return own
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Stop(
    `there is no Node 24 for ${process.platform} ${process.arch} here`,
    'install Node 24 and run this with it',
  )
}

function run(argv) {
  const tied = has('setpriv')
    ? [places.map((place) => join(place, 'setpriv')).find((path) => existsSync(path)), '--pdeathsig', 'TERM', ...argv]
    : argv
  const child = spawn(tied[0], tied.slice(1), {
    cwd: root,
    stdio: 'inherit',
    env: { INIT_CWD: process.cwd(), ...process.env },
  })
  const forward = (signal) => process.on(signal, () => child.kill(signal))
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) forward(signal)
  // A terminal sends Ctrl-C to the child as well; without one, only we may have got it.
  process.on('SIGINT', () => !process.stdin.isTTY && child.kill('SIGINT'))
  // npm killed with SIGKILL takes nobody along: notice that its shell is gone.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref()
  child.on('error', (error) => fail(error))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function fail(error) {
  undoAll()
  const next = error instanceof Stop ? error.next : undefined
  process.stderr.write(`${next === undefined ? error.stack : error.message}\n${next ? `  → ${next}\n` : ''}`)
  process.exit(1)
}

async function main([name, ...words]) {
  const command = commands[name]
  if (!command)
    throw new Stop(`start what? ${name ?? 'nothing'} is not one of ${Object.keys(commands).join(', ')}`, 'npm run demo')
  if (!existsSync(join(root, command.script)))
    throw new Stop(`${command.script} is not there`, 'check out the whole repository')
  const talk =
    ['--help', '-h', 'help', 'verbs', 'faults', 'status'].includes(words[0]) ||
    (name === 'test' && words.length > 0 && !words.some((word) => word.startsWith('lab')))
  const lab = command.lab && !talk
  const missing = lab ? missingPackages(command) : []
  const ready = modulesAreRight() && missing.length === 0
  if (!ready) {
    await alone(async () => {
      // Whoever waited for another one to install them finds them there.
      if (lab) await debianPackages(missingPackages(command))
      await npmPackages()
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(signal, interrupted)
  run([projectNode(), join(root, command.script), ...words])
}

function interrupted(signal) {
  undoAll()
  process.exit(128 + constants.signals[signal])
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupted)
main(process.argv.slice(2)).catch(fail)
