/**
 * Databases, a directory and mail servers as Debian has them, each in a directory and at a port of its own, without whatever else runs on this machine. Needs root, for
 * they become users of their own; packages: slapd, mariadb-server, postgresql, vsftpd, dovecot-imapd, dovecot-pop3d.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OWN } from '../../agent/prober/fixture.ts'
import { freePort } from './free-port.ts'
import { freeze } from './freeze.ts'

/** As types of checks are called. */
export type Served = 'ldap' | 'mysql' | 'postgres' | 'ftp' | 'imap' | 'pop3'
type Ports = Readonly<Record<Served, number>>

interface Program {
  readonly words: readonly [string, ...string[]]
  readonly user?: string
}
interface Recipe {
  /** Package of Debian. */
  readonly from: string
  readonly serves: readonly Served[]
  readonly prepare: (home: string, ports: Ports) => Program
  /** Connections that it has at most, each of them as `hold` begins it; not there: it says nothing of that. */
  readonly most?: number
  readonly hold?: (socket: Socket) => void
}

/** A user of this machine: its number and that of its group. */
const idsOf = (user: string): { uid: number; gid: number } => ({
  uid: Number(execFileSync('id', ['-u', user], { encoding: 'utf8' })),
  gid: Number(execFileSync('id', ['-g', user], { encoding: 'utf8' })),
})
function directory(path: string, user: string): string {
  mkdirSync(path, { recursive: true })
  const { uid, gid } = idsOf(user)
  chownSync(path, uid, gid)
  return path
}
function written(path: string, lines: readonly string[]): string {
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** A StartupMessage of a user who is let in. */
function enterPostgres(socket: Socket): void {
  const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  socket.write(Buffer.concat([length, body]))
}

/** Connections beyond what a server takes. */
const MORE = 3

const RECIPES: readonly Recipe[] = [
  {
    from: 'slapd',
    serves: ['ldap'],
    prepare(home, { ldap }) {
      const file = written(join(home, 'slapd.conf'), [
        'include /etc/ldap/schema/core.schema',
        'modulepath /usr/lib/ldap',
        'moduleload back_ldif',
        'database ldif',
        'suffix "dc=shop,dc=example"',
        `directory ${directory(join(home, 'data'), 'openldap')}`,
      ])
      return { words: ['/usr/sbin/slapd', '-d', '0', '-u', 'openldap', '-h', `ldap://${OWN}:${ldap}/`, '-f', file] }
    },
  },
  {
    from: 'mariadb-server',
    serves: ['mysql'],
    most: 10,
    hold: () => undefined,
    prepare(home, { mysql }) {
      const data = directory(join(home, 'data'), 'mysql')
      const own = ['--no-defaults', `--datadir=${data}`, '--user=mysql', '--innodb-buffer-pool-size=8M']
      execFileSync('mariadb-install-db', [...own, '--skip-test-db'], { stdio: 'ignore' })
      const place = [`--bind-address=${OWN}`, `--port=${mysql}`, `--socket=${join(data, 'sock')}`, '--skip-log-error']
      return { words: ['/usr/sbin/mariadbd', ...own, ...place, '--max-connections=10'] }
    },
  },
  {
    from: 'postgresql',
    serves: ['postgres'],
    most: 5,
    hold: enterPostgres,
    prepare(home, { postgres }) {
      const data = directory(join(home, 'data'), 'postgres')
      const [bin = ''] = globSync('/usr/lib/postgresql/*/bin')
      const words = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync']
      execFileSync(join(bin, 'initdb'), words, { ...idsOf('postgres'), cwd: data, stdio: 'ignore' })
      const settings = [`listen_addresses=${OWN}`, `port=${postgres}`, `unix_socket_directories=${data}`]
      const few = ['max_connections=5', 'superuser_reserved_connections=0', 'max_wal_senders=0', 'shared_buffers=1MB']
      const all = [...settings, ...few].flatMap((setting) => ['-c', setting])
      return { words: [join(bin, 'postgres'), '-D', data, ...all], user: 'postgres' }
    },
  },
  {
    from: 'vsftpd',
    serves: ['ftp'],
    most: 3,
    hold: () => undefined,
    prepare(home, { ftp }) {
      const empty = join(home, 'empty')
      mkdirSync(empty)
      const file = written(join(home, 'vsftpd.conf'), [
        ...['listen=YES', 'background=NO', `listen_address=${OWN}`, `listen_port=${ftp}`, 'anonymous_enable=YES'],
        ...[`secure_chroot_dir=${empty}`, `anon_root=${empty}`, 'max_clients=3', 'seccomp_sandbox=NO'],
      ])
      return { words: ['/usr/sbin/vsftpd', file] }
    },
  },
  {
    from: 'dovecot-core',
    serves: ['imap', 'pop3'],
    prepare(home, { imap, pop3 }) {
      const listener = (name: string, port: number): string =>
        `service ${name}-login {\n inet_listener ${name} {\n address = ${OWN}\n port = ${port}\n }\n inet_listener ${name}s {\n port = 0\n }\n }`
      const file = written(join(home, 'dovecot.conf'), [
        ...['protocols = imap pop3', 'ssl = no', 'disable_plaintext_auth = no', `base_dir = ${join(home, 'run')}`],
        ...[`log_path = ${join(home, 'log')}`, 'mail_location = maildir:~/Maildir', 'default_vsz_limit = 512M'],
        ...[
          'passdb {\n driver = static\n args = password=secret\n }',
          'userdb {\n driver = static\n args = uid=mail gid=mail home=/nonexistent\n }',
        ],
        ...[listener('imap', imap), listener('pop3', pop3)],
      ])
      return { words: ['/usr/sbin/dovecot', '-F', '-c', file] }
    },
  },
]

const versionOf = (from: string): string =>
  execFileSync('dpkg-query', ['-W', '-f', '${Package} ${Version}', from], { encoding: 'utf8' })

/** A process and all that came of it, those first that start others; nobody who has ended. */
function familyOf(pid: number): number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    if (stat.slice(stat.lastIndexOf(')')).startsWith(') Z')) return []
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return [pid, ...children.flatMap(familyOf)]
  } catch {
    return []
  }
}

export class DebianServer {
  readonly serves: readonly Served[]
  readonly version: string
  readonly #recipe: Recipe
  readonly #home = mkdtempSync(join(tmpdir(), 'lvsm-debian-'))
  readonly #ports: Ports
  readonly #program: Program
  #child: ChildProcess | null = null
  readonly #held: Socket[] = []

  constructor(recipe: Recipe, ports: Ports) {
    this.#recipe = recipe
    this.serves = recipe.serves
    this.version = versionOf(recipe.from)
    this.#ports = ports
    chmodSync(this.#home, 0o755)
    this.#program = recipe.prepare(this.#home, ports)
  }
  portOf(served: Served): number {
    return this.#ports[served]
  }
  start(): void {
    const { words, user } = this.#program
    const [program, ...rest] = words
    const ids = user === undefined ? {} : idsOf(user)
    this.#child = spawn(program, rest, { ...ids, cwd: this.#home, stdio: 'ignore' })
  }
  /** It stands still, with all that it started. */
  async hang(): Promise<void> {
    const pid = this.#child?.pid ?? 0
    await freeze(pid)
    // It starts no more, and reaps nobody who ends.
    for (const other of familyOf(pid)) if (other !== pid) process.kill(other, 'SIGSTOP')
  }
  goOn(): void {
    for (const pid of familyOf(this.#child?.pid ?? 0)) process.kill(pid, 'SIGCONT')
  }
  /** It has as many clients as it lets in. False: it does not say how many that are. */
  async fill(): Promise<boolean> {
    const { most, hold, serves } = this.#recipe
    const [served] = serves
    if (most === undefined || !hold || !served) return false
    // One after the other: who comes while a check that is over still counts is refused, and others come.
    for (let at = 0; at < most + MORE; at++) {
      const socket = connect(this.#ports[served], OWN)
      this.#held.push(socket)
      socket.on('connect', () => hold(socket))
      await new Promise<void>((resolve) => {
        for (const event of ['data', 'error', 'close'] as const) socket.on(event, () => resolve())
      })
    }
    return true
  }
  /** They leave. */
  empty(): void {
    for (const socket of this.#held.splice(0)) socket.destroy()
  }
  async stop(): Promise<void> {
    this.empty()
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null) return
    const family = familyOf(child.pid ?? 0)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    for (const pid of family.toReversed()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone with another.
      }
    }
    await ended
  }
  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#home, { recursive: true, force: true })
  }
}

/** One of each, prepared and not started. */
export async function debianServers(): Promise<DebianServer[]> {
  const ports: Ports = {
    ...{ ldap: await freePort(), mysql: await freePort(), postgres: await freePort() },
    ...{ ftp: await freePort(), imap: await freePort(), pop3: await freePort() },
  }
  return RECIPES.map((recipe) => new DebianServer(recipe, ports))
}
