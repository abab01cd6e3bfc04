/**
 * A Debian machine as far as packages and units can tell: the host's own files under an overlay, the real systemd, and nothing of it
 * left when it ends. Needs root, overlayfs and cgroup2, as the kernel of any Debian has them.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'

const SCRIPT = join(import.meta.dirname, 'debian-machine.sh')
const SYSTEMD = '/lib/systemd/systemd'
const BOOT_MS = 60_000
const COMMAND_MS = 120_000

/** Output and exit code of one command. */
export interface Said {
  readonly code: number | null
  readonly text: string
}
export interface DebianMachine {
  /** Its first process, as the host numbers it. */
  readonly init: number
  /** By its shell, as root. */
  run(line: string): Said
  /** What it prints; throws where it fails. */
  say(line: string): string
  /** A file of the host, to a place there. */
  bring(file: string, place: string): void
  /** With everything in it. */
  end(): Promise<void>
}

const stage = (...words: [name: 'start', home: string, hostname: string] | [name: 'clean', home: string]) =>
  ['unshare', ['--mount', 'sh', SCRIPT, ...words]] as const

/** Throws what is missing. */
export async function startMachine(hostname = 'rs1'): Promise<DebianMachine> {
  if (process.geteuid?.() !== 0) throw new Error('a machine for tests needs root: run npm test as root')
  if (!existsSync(SYSTEMD)) throw new Error(`${SYSTEMD} is not there: apt-get install systemd`)
  const home = mkdtempSync(join(tmpdir(), 'lvsm-machine-'))
  const child = spawn(...stage('start', home, hostname), { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await eventually(() => expect(spawnSync(...stage('clean', home)).status).toBe(0), BOOT_MS)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const init = await eventually(() => bootedFrom(child.pid ?? 0), BOOT_MS)
    return { init, ...commandsOf(init), end }
  } catch (error) {
    await end()
    throw new Error(`no machine for tests here (overlayfs, cgroup2 and namespaces are needed): ${said.trim()}`, {
      cause: error,
    })
  }
}

/**
 * One Ethernet for all of them, each at its address (`10.10.0.1/24`) on eth0. The first has the bridge: its eth0. What is between
 * namespaces ends with them.
 */
export function connectMachines(...machines: readonly (readonly [machine: DebianMachine, address: string])[]): void {
  const [[hub] = []] = machines
  // By the host, which knows the processes of all.
  const ip = (words: string): void =>
    void execFileSync('nsenter', [`--net=/proc/${hub?.init}/ns/net`, 'ip', ...words.split(' ')])
  ip('link add eth0 type bridge')
  for (const [index, [machine, address]] of machines.entries()) {
    if (machine !== hub) {
      ip(`link add port${index} type veth peer name eth0 netns ${machine.init}`)
      ip(`link set port${index} master eth0 up`)
    }
    machine.say(`ip link set lo up; ip address add ${address} dev eth0; ip link set eth0 up`)
  }
}

/** The machine's first process, as the host numbers it; throws before it serves. */
function bootedFrom(pid: number): number {
  const init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
  const { run } = commandsOf(init)
  expect(run('systemctl is-active machine.target').text).toBe('active\n')
  return init
}

function commandsOf(init: number): Omit<DebianMachine, 'init' | 'end'> {
  const run = (line: string): Said => {
    const inside = ['--target', String(init), '--all', '--root', '--wdns=/', 'env', '-i', ...ENVIRONMENT]
    const options = { encoding: 'utf8', timeout: COMMAND_MS } as const
    const { status, stdout, stderr } = spawnSync('nsenter', [...inside, 'sh', '-c', `{ ${line}\n} 2>&1`], options)
    return { code: status, text: `${stdout}${stderr}` }
  }
  return {
    run,
    say(line) {
      const { code, text } = run(line)
      if (code !== 0) throw new Error(`${line}: ended with ${code}\n${text}`)
      return text
    },
    bring: (file, place) => copyFileSync(file, `/proc/${init}/root${place}`),
  }
}
const ENVIRONMENT = [
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'LANG=C.UTF-8',
  'NO_COLOR=1',
  'DEBIAN_FRONTEND=noninteractive',
]
