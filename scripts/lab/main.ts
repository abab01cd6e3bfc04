import { existsSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { bundle } from '../build.ts'
import type { Lab } from './boot.ts'
import { help, type Options, parse } from './options.ts'
import { cache, LabError } from './paths.ts'
import { atEnd, openLab } from './opening.ts'
import { ask, converse } from './session.ts'
import { demandStanding, forget, standing } from './standing.ts'
import { takeTurn } from './turn.ts'
import type { Topology } from './topology.ts'
import { topologyNamed } from './topologies/index.ts'
import { isVerb, verbsText } from './verbs.ts'

function fail(error: unknown): never {
  if (error instanceof LabError) {
    process.stderr.write(`lab: ${error.message}\n${error.next ? `  → ${error.next}\n` : ''}`)
    process.exit(error.status)
  }
  process.stderr.write(`lab: ${(error as Error).stack}\n`)
  process.exit(70)
}

interface Wanted {
  readonly argv: readonly string[]
  readonly node?: string | undefined
  readonly stdin: boolean
  readonly terminal?: boolean
}

/** Sizes that a suite may be given: `LAB_CONNECTIONS=1000 npm run bench -- survive`. What the lab says itself stays as it is. */
const SIZES = ['LAB_SERVICES', 'LAB_CONNECTIONS', 'LAB_PACE_OF_CONNECTIONS', 'LAB_ROUNDS'] as const
const forGuest = (): Record<string, string> =>
  Object.fromEntries(
    SIZES.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )

/** Runs a command inside with this process's streams; gives its status as a shell would. */
async function execute(lab: Lab, { argv, node, stdin, terminal }: Wanted): Promise<number> {
  const { rows = 24, columns = 80 } = process.stdout
  const session = converse(
    lab.address,
    {
      token: lab.token,
      argv,
      cwd: process.env['INIT_CWD'] ?? process.cwd(),
      stdin,
      ...(node === undefined ? {} : { node }),
      ...(terminal ? { terminal: { rows, columns } } : {}),
      env: { ...forGuest(), ...(terminal ? { TERM: process.env['TERM'] ?? 'xterm' } : {}) },
    },
    { stdout: (bytes) => process.stdout.write(bytes), stderr: (bytes) => process.stderr.write(bytes) },
  )
  atEnd(() => session.close())
  if (stdin) {
    if (terminal) process.stdin.setRawMode(true)
    process.stdin.on('data', (bytes: Buffer) => session.write(bytes))
    process.stdin.on('end', () => session.end())
    atEnd(() => terminal && process.stdin.setRawMode(false))
  }
  const exit = await session.done
  const number = exit.signal ? constants.signals[exit.signal as NodeJS.Signals] : undefined
  return number ? 128 + number : exit.code
}

/** A TypeScript or JavaScript file becomes one bundle, because starting from many files is slow under emulation. */
async function commandFor(file: string, dir: string): Promise<string[]> {
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), file)
  if (!existsSync(path)) throw new LabError(`there is no file ${path}`, undefined, 2)
  if (/\.[cm]?[jt]s$/.test(path)) {
    const out = join(dir, 'file.mjs')
    await bundle(path, out)
    return [process.execPath, out]
  }
  return ['sh', '-c', 'if [ -x "$0" ]; then exec "$0" "$@"; else exec sh "$0" "$@"; fi', path]
}

async function run(options: Options): Promise<never> {
  const [file, ...rest] = options.words
  if (!file) throw new LabError('run takes a FILE', 'npm run lab -- --help', 2)
  const scratch = join(cache, 'runs', `file-${process.pid}`)
  atEnd(() => rmSync(scratch, { recursive: true, force: true }))
  const argv = [...(await commandFor(file, scratch)), ...rest]
  const lab = await openLab(options)
  process.exit(await execute(lab, { argv, stdin: false }))
}

async function up(options: Options): Promise<never> {
  const lab = await openLab({ ...options, stays: true })
  process.stdout.write(`the ${lab.topology} lab is up${lab.cluster ? ' with its cluster' : ''}\n`)
  process.stdout.write('  npm run lab -- exec client CMD… · exec - CMD… · verbs · down\n')
  process.exit(0)
}

async function exec(options: Options): Promise<never> {
  const lab = demandStanding()
  const nodes = (topologyNamed(lab.topology) as Topology).nodes.map(({ name }) => name)
  const [first, ...rest] = options.words
  const inside = first !== undefined && nodes.includes(first)
  const argv = inside || first === '-' ? rest : options.words
  const terminal = options.terminal || (argv.length === 0 && process.stdin.isTTY === true)
  const stdin = terminal || process.stdin.isTTY !== true
  const wanted = { argv: argv.length > 0 ? argv : ['bash'], node: inside ? first : undefined, stdin, terminal }
  process.exit(await execute(lab, wanted))
}

async function verb(words: readonly string[]): Promise<never> {
  const lab = demandStanding()
  const { code, text } = await ask(lab.address, lab.token, words)
  ;(code === 0 ? process.stdout : process.stderr).write(text)
  process.exit(code)
}

async function down(): Promise<never> {
  const lab = standing()
  if (!lab) process.stdout.write('no lab is up\n')
  else {
    process.kill(lab.pid, 'SIGKILL')
    forget(lab)
    process.stdout.write('the lab is down\n')
  }
  process.exit(0)
}

async function status(): Promise<never> {
  const lab = standing()
  if (!lab) {
    process.stdout.write('no lab is up\n')
    process.exit(1)
  }
  const { text } = await ask(lab.address, lab.token, ['pids'])
  process.stdout.write(`the ${lab.topology} lab is up, process ${lab.pid}, console ${lab.dir}/console.log\n${text}`)
  process.exit(0)
}

async function main(): Promise<never> {
  const options = parse(process.argv.slice(2))
  const { command, words } = options
  if (command === 'run') atEnd(await takeTurn())
  const limit = options.timeout || (command === 'run' ? 900 : 0)
  if (limit > 0) {
    setTimeout(
      () => fail(new LabError(`not done after ${limit} s`, '--timeout S gives it longer', 124)),
      limit * 1000,
    ).unref()
  }
  if (command === 'help') return process.stdout.write(help), process.exit(0)
  if (command === 'verbs' || command === 'faults') return process.stdout.write(verbsText), process.exit(0)
  if (command === 'run') return run(options)
  if (command === 'up') return up(options)
  if (command === 'exec') return exec(options)
  if (command === 'down') return down()
  if (command === 'status') return status()
  if (isVerb(command)) return verb([command, ...words])
  throw new LabError(`lab has no command ${command}`, 'npm run lab -- --help', 2)
}

process.on('uncaughtException', fail)
main().catch(fail)
