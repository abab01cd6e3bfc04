/**
 * The daemons as processes of Unix, on the real kernel: signals, terminals, environment, exit codes, their sockets, and one
 * of each in a network namespace.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DaemonName, isAlive, killAll, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { program } from '../kit/programs.ts'
import { eventually } from '../kit/eventually.ts'

/** A process of its own on a machine that has much else to do. */
const SLOW_MS = 60_000
const DAEMONS = ['lvsm-lease', 'lvsm-agent'] as const
const QUIET = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')

let home = ''
let config = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-daemons-'))
  config = join(home, 'lvsm.yaml')
  configure(QUIET)
})
afterEach(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})
const configure = (text: string): void => writeFileSync(config, text, { mode: 0o600 })
const dirs = (run = 'run'): string[] => ['--run-dir', join(home, run), '--state-dir', join(home, `${run}-state`)]
/** Realservers need no IPVS. */
const argsOf = (name: DaemonName, run?: string): string[] =>
  name === 'lvsm-lease' ? ['--node', 'rs1', ...dirs(run)] : ['--config', config, '--node', 'rs1', ...dirs(run)]
const socketOf = (name: DaemonName, run = 'run'): string =>
  join(home, run, name === 'lvsm-lease' ? 'lease.sock' : 'agent.sock')
const says = async (one: Started, words: RegExp): Promise<void> => {
  await eventually(() => expect(one.said()).toMatch(words), SLOW_MS)
}
const running = async (name: DaemonName, ...rest: [Parameters<typeof startDaemon>[2]?, string?]): Promise<Started> => {
  const [start, run] = rest
  const one = startDaemon(name, argsOf(name, run), start)
  await says(one, /rs1 (of cluster lab )?runs/)
  return one
}
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = connect(path, () => {
      // The lease process speaks first.
      if (path.endsWith('agent.sock')) client.write('GET /v1/events HTTP/1.0\r\n\r\n')
    })
    // A kernel connects to a process that hangs, too.
    client.on('data', () => {
      resolve(true)
      client.destroy()
    })
    client.on('error', () => resolve(false))
  })
const isListening = (path: string): Promise<void> =>
  eventually(async () => expect(await answers(path)).toBe(true), SLOW_MS)
const statusOf = (pid: number): string => readFileSync(`/proc/${pid}/status`, 'utf8')

describe.each(DAEMONS)('%s', (name) => {
  test('lives through every signal that is none to end it, and writes its state at USR1', async () => {
    const one = await running(name)
    const named = [
      'USR1',
      'USR2',
      'PIPE',
      'HUP',
      'ALRM',
      'VTALRM',
      'PROF',
      'PWR',
      'XCPU',
      'XFSZ',
      'IO',
      'STKFLT',
      'TTIN',
      'TTOU',
    ]
    const realTime = Array.from({ length: 31 }, (_, at) => 34 + at)
    for (const signal of [...named.map((name) => constants.signals[`SIG${name}` as NodeJS.Signals]), ...realTime])
      process.kill(one.pid, signal)
    await says(one, /state: .*rs1[^]*state: counters: /)
    await says(one, /SIGHUP/)
    one.child.kill('SIGTERM')
    expect(await one.ended).toBe(0)
    expect(one.said()).not.toMatch(/[Dd]ebugger/)
  })

  test('opens no inspector, by whatever it was started, and takes nothing over from the environment', async () => {
    const marker = join(home, 'loaded.cjs')
    writeFileSync(marker, `process.env.LOADED = String(1 + Number(process.env.LOADED ?? 0))`)
    const env = {
      PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
      NODE_OPTIONS: `--inspect=127.0.0.1:0 --require=${marker}`,
      LD_AUDIT: '',
      SECRET: 'x',
    }
    const one = await running(name, { options: [], env })
    one.child.kill('SIGUSR1')
    await says(one, /state: counters/)
    const environment = readFileSync(`/proc/${one.pid}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(environment).toEqual([expect.stringMatching(/^PATH=\/usr\/local\/sbin:/)])
    const sockets = execFileSync('nsenter', [`--net=/proc/${one.pid}/ns/net`, 'ss', '-Hltn'], { encoding: 'utf8' })
    expect(sockets).toBe('')
  })

  test('a SIGUSR1 that comes before its first line opens nothing', async () => {
    const one = startDaemon(name, argsOf(name), { options: [] })
    // Either it is too early for any program, or it is heard.
    const pings = setInterval(() => one.child.kill('SIGUSR1'), 20)
    const first = await Promise.race([one.ended, says(one, /rs1 (of cluster lab )?runs/)])
    clearInterval(pings)
    expect([undefined, 'SIGUSR1']).toContain(first)
    // What it was before it became a clean one may have opened one, and is gone with it.
    const sockets =
      first ?? execFileSync('nsenter', [`--net=/proc/${one.pid}/ns/net`, 'ss', '-Hltn'], { encoding: 'utf8' })
    expect(['', 'SIGUSR1']).toContain(sockets)
  })

  test('lives on when its terminal is closed', async () => {
    const command = ['unshare', '--net', '--', process.execPath, '--disable-sigusr1', program(name), ...argsOf(name)]
    const terminal = spawned(['script', '-qfec', `exec ${command.join(' ')}`, '/dev/null'], {
      PATH: process.env['PATH'],
      SHELL: '/bin/sh',
    })
    await says(terminal, /rs1 (of cluster lab )?runs/)
    const pid = Number(readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8').trim().split(' ')[0])
    terminal.child.kill('SIGKILL')
    await terminal.ended
    // Each of them writes to a terminal that is gone.
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGHUP']) process.kill(pid, signal)
    await isListening(socketOf(name))
    expect(isAlive(pid)).toBe(true)
  })

  test('is not held up by a terminal that was stopped', async () => {
    const command = ['unshare', '--net', '--', process.execPath, '--disable-sigusr1', program(name), ...argsOf(name)]
    const started = ['script', '-qfec', `exec ${command.join(' ')}`, '/dev/null']
    const terminal = spawned(started, { PATH: process.env['PATH'], SHELL: '/bin/sh' })
    await says(terminal, /rs1 (of cluster lab )?runs/)
    const children = readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8')
    terminal.child.kill('SIGSTOP')
    for (let times = 0; times < 500; times++) {
      process.kill(Number(children.trim().split(' ')[0]), 'SIGUSR1')
      await new Promise((next) => setImmediate(next))
    }
    await isListening(socketOf(name))
  })

  test('is not stopped by a terminal that wants no output from behind', async () => {
    const command = ['unshare', '--net', '--', process.execPath, '--disable-sigusr1', program(name), ...argsOf(name)]
    const line = `stty tostop; set -m; ${command.join(' ')} & wait`
    const terminal = spawned(['script', '-qfec', line, '/dev/null'], { PATH: process.env['PATH'], SHELL: '/bin/sh' })
    await says(terminal, /rs1 (of cluster lab )?runs/)
    await isListening(socketOf(name))
  })

  test('is not held up by a reader of its log that does not read', async () => {
    const one = await running(name)
    one.child.stdout?.pause()
    one.child.stderr?.pause()
    for (let times = 0; times < 600; times++) one.child.kill('SIGHUP')
    await isListening(socketOf(name))
    one.child.kill('SIGTERM')
    await eventually(() => expect(isAlive(one.pid)).toBe(false), SLOW_MS)
  })

  test('makes its socket again when the run directory was removed, and only for its owner', async () => {
    const one = await running(name)
    const path = socketOf(name)
    await isListening(path)
    expect(statusOf(one.pid)).toMatch(/^Umask:\t00[27]7$/m)
    rmSync(join(home, 'run'), { recursive: true })
    await isListening(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(existsSync(join(home, 'run', name === 'lvsm-lease' ? 'lease.lock' : 'agent.lock'))).toBe(true)
    expect(one.said()).toMatch(/somebody removed .*\.sock: it was made again/)
  })

  test('is one in a network namespace, and says who it is; the kernel frees the place', async () => {
    const first = await running(name)
    const second = startDaemon(name, argsOf(name, 'other'), { beside: first.pid })
    expect(await second.ended).toBe(75)
    expect(second.said()).toMatch(
      new RegExp(`another ${name} already runs in this network namespace \\(process ${first.pid}: .*${name}.mjs`),
    )
    const keeper = spawned(['nsenter', `--net=/proc/${first.pid}/ns/net`, 'sleep', '1000'], {
      PATH: process.env['PATH'],
    })
    await eventually(() => expect(readFileSync(`/proc/${keeper.pid}/cmdline`, 'utf8')).toMatch(/^sleep/), SLOW_MS)
    first.child.kill('SIGKILL')
    await first.ended
    await running(name, { beside: keeper.pid }, 'other')
  })

  test('leaves a state directory alone into which others may write, and says how to mend it', async () => {
    const one = await running(name)
    one.child.kill('SIGTERM')
    await one.ended
    chmodSync(join(home, 'run-state'), 0o777)
    const again = startDaemon(name, argsOf(name))
    expect(await again.ended).toBe(78)
    expect(again.said()).toMatch(/others may write into .*run-state[^]*→ chmod 750 /)
  })
})

test('lvsm-agent reads its configuration again at HUP: a bad one, or one that blocks, keeps the old one', async () => {
  const one = await running('lvsm-agent')
  configure(QUIET.replace('revision: 1', 'revision: 2'))
  one.child.kill('SIGHUP')
  await says(one, /SIGHUP: the configuration was read again, revision 2/)
  configure('revision: 3\n')
  one.child.kill('SIGHUP')
  await says(one, /refused at SIGHUP: revision 2 stays in use/)
  rmSync(config)
  execFileSync('mkfifo', [config])
  one.child.kill('SIGHUP')
  await says(one, /this is a FIFO[^]*refused at SIGHUP: revision 2 stays in use/)
  rmSync(config)
  configure(QUIET.replace('revision: 1', 'revision: 4'))
  one.child.kill('SIGHUP')
  await says(one, /read again, revision 4/)
})

describe('what ends at once says so by its exit code', () => {
  const ends = async (name: DaemonName, ...args: string[]): Promise<[number | string, string]> => {
    const one = startDaemon(name, args)
    return [await one.ended, one.said()]
  }
  test.each(DAEMONS)('%s: help, version, and a wrong command line', async (name) => {
    expect(await ends(name, '--help')).toEqual([0, expect.stringMatching(/usage: [^]*Exit codes:[^]*78 /)])
    expect(await ends(name, '--version')).toEqual([0, expect.stringMatching(/^lvsm-\w+ \d+\.\d+\.\d+\n$/)])
    expect(await ends(name, '--nodes')).toEqual([64, expect.stringMatching(/--nodes[^]*usage: /)])
  })
  test('lvsm-agent: a configuration that is wrong, open to others, or not there', async () => {
    const run = (): Promise<[number | string, string]> => ends('lvsm-agent', ...argsOf('lvsm-agent'))
    configure('cluster: 1')
    expect(await run()).toEqual([78, expect.stringMatching(/nothing was changed/)])
    configure(QUIET)
    chmodSync(config, 0o666)
    expect(await run()).toEqual([78, expect.stringMatching(/others may write .*\n.*chmod go-w/)])
    rmSync(config)
    expect(await run()).toEqual([78, expect.stringMatching(/there is no such file/)])
  })
  test('a defect is told apart from all of that', async () => {
    const script = join(home, 'defect.ts')
    const room = join(import.meta.dirname, '../../agent/process')
    writeFileSync(
      script,
      `import { endAtDefects } from '${room}/ends.ts'
       import { openLog } from '${room}/log.ts'
       endAtDefects('lvsm-x', openLog(2, () => process.stderr))
       setTimeout(() => undefined, 100000)
       Promise.reject(new Error('broken'))`,
    )
    const one = spawned([process.execPath, script], {})
    expect(await one.ended).toBe(70)
    expect(one.said()).toMatch(/^lvsm-x: ends, by a defect of its own; please report this:\nError: broken\n {4}at /)
  })
})
