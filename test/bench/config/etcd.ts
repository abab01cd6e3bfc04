/** The peer: three members of Debian's etcd on the loopback and the same disk, asked over their HTTP gateway. */
import { type ChildProcess, execFileSync, type ExecFileSyncOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from './client.ts'
import { until } from './trio.ts'

const PACKAGE = 'etcd-server'

/** The binary: that of the machine, or of Debian's package, taken out of it and not installed: nothing is started with it. */
export function etcdProgram(cache: string): string {
  const own = spawnSync('etcd', ['--version'])
  if (own.status === 0) return 'etcd'
  const program = join(cache, 'usr/bin/etcd')
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const options: ExecFileSyncOptions = { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] }
  execFileSync('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', PACKAGE], options)
  const file = readdirSync(cache).find((name) => name.startsWith(`${PACKAGE}_`))
  execFileSync('dpkg-deb', ['-x', file ?? '', '.'], options)
  return program
}

export class Etcd {
  readonly #children: ChildProcess[] = []
  readonly #client: Client

  private constructor(port: number) {
    this.#client = new Client({ host: '127.0.0.1', port })
  }

  /** `ports`: two for each of three. */
  static async start(program: string, directory: string, ports: readonly number[]): Promise<Etcd> {
    const [first = 0] = ports
    const etcd = new Etcd(first)
    const names = ['one', 'two', 'three']
    const url = (at: number): string => `http://127.0.0.1:${ports[at]}`
    const members = names.map((name, at) => `${name}=${url(2 * at + 1)}`).join(',')
    for (const [at, name] of names.entries()) {
      const words = {
        name,
        'data-dir': join(directory, name),
        'listen-client-urls': url(2 * at),
        'advertise-client-urls': url(2 * at),
        'listen-peer-urls': url(2 * at + 1),
        'initial-advertise-peer-urls': url(2 * at + 1),
        'initial-cluster': members,
      }
      const list = Object.entries(words).flatMap(([word, value]) => [`--${word}`, value])
      etcd.#children.push(spawn(program, list, { stdio: 'ignore' }))
    }
    await until(() =>
      etcd.put(0).then(
        () => true,
        () => false,
      ),
    )
    return etcd
  }

  async put(at: number): Promise<void> {
    const encoded = (text: string): string => Buffer.from(text).toString('base64')
    const { status } = await this.#client.post('/v3/kv/put', { key: encoded('weight'), value: encoded(String(at)) })
    if (status !== 200) throw new Error(`etcd answers ${status}`)
  }
  end(): void {
    this.#client.end()
    for (const child of this.#children) child.kill('SIGKILL')
  }
}
