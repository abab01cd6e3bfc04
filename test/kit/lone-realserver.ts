/** The real processes of one realserver, without its cluster, in a directory of their own. It needs no IPVS. */
import { SAMPLE } from '@lvsm/model'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type DaemonName, killAll, startDaemon, type Started } from './daemons.ts'
import { eventually } from './eventually.ts'

/** A process of its own on a machine that has much else to do. */
export const SLOW_MS = 60_000
const QUIET = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')

export class LoneRealserver {
  readonly home = mkdtempSync(join(tmpdir(), 'lvsm-lone-'))
  readonly socketPath = join(this.home, 'run', 'agent.sock')

  constructor() {
    writeFileSync(join(this.home, 'lvsm.yaml'), QUIET, { mode: 0o600 })
  }

  /** One of its processes, as soon as it says that it runs. */
  async running(name: DaemonName): Promise<Started> {
    const config = name === 'lvsm-agent' ? ['--config', join(this.home, 'lvsm.yaml')] : []
    const one = startDaemon(name, [
      ...[...config, '--node', 'rs1'],
      ...['--run-dir', join(this.home, 'run'), '--state-dir', this.stateOf(name)],
    ])
    await eventually(() => expect(one.said()).toMatch(/rs1 (of cluster lab )?runs/), SLOW_MS)
    return one
  }
  stateOf(name: DaemonName): string {
    return join(this.home, `${name}-state`)
  }

  /** What its agent answers, as JSON; null: nobody answers. */
  ask(path: string): Promise<unknown> {
    return new Promise((resolve) => {
      const asked = request({ socketPath: this.socketPath, path }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => (text += chunk))
        answer.on('end', () => resolve(JSON.parse(text)))
      })
      asked.on('error', () => resolve(null))
      asked.end()
    })
  }

  /** It ends by that signal. */
  async ends(one: Started, signal: NodeJS.Signals): Promise<void> {
    process.kill(one.pid, signal)
    await one.ended
  }
  remove(): void {
    killAll(this.home)
    rmSync(this.home, { recursive: true, force: true })
  }
}
