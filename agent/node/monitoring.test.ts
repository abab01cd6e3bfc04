/** With the real process, which has no rights, over real HTTP. */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import type { Trouble } from '@lvsm/base'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import type { MetricsQuery, WellFacts } from '@lvsm/protocol'
import { afterEach, expect, it } from 'vitest'
import { eventually as waits } from '../../test/kit/eventually.ts'
import { startProber } from './monitoring.ts'

const CONFIG = checkConfig(SAMPLE).config as Config
const OWN = '127.77.0.4'
/** On a busy machine a process takes its time until it listens. */
const eventually = <T>(look: () => T | Promise<T>): Promise<T> => waits(look, 50_000)
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const holdPort = (): Promise<{ readonly port: number; readonly free: () => Promise<unknown> }> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, OWN, () => {
      const { port } = server.address() as AddressInfo
      resolve({ port, free: () => new Promise((done) => server.close(done)) })
    })
  })
const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

function begin(exposition: string) {
  const troubles = new Map<string, Trouble | null>()
  const wanted: MetricsQuery[] = []
  let facts: WellFacts = { alive: '', ready: '', owners: { web: true, mail: false } }
  const prober = startProber(
    { clock: () => performance.now() as ReturnType<Parameters<typeof startProber>[0]['clock']>, say: () => undefined },
    (source, found) => void troubles.set(source, found),
    {
      well: () => facts,
      metrics: (query, done) => {
        wanted.push(query)
        done({ ok: true, text: exposition })
      },
    },
  )
  ends.push(() => prober.close())
  const listenAt = (port: number | null, agentPort: number | null = null): void => {
    const nodes = CONFIG.nodes.map((node) =>
      node.name === 'dir1' ? { ...node, links: node.links.map((link) => ({ ...link, address: OWN })) } : node,
    )
    const placed = (at: number | null): Config['monitoring'] => (at === null ? null : { port: at, link: null })
    prober.configure('dir1', { ...CONFIG, nodes, monitoring: placed(port), agentCheck: placed(agentPort) })
  }
  return { listenAt, troubles, wanted, tell: (next: Partial<WellFacts>) => void (facts = { ...facts, ...next }) }
}
const get = async (port: number, path: string): Promise<readonly [status: number, text: string]> => {
  const response = await fetch(`http://${OWN}:${port}${path}`, { headers: { connection: 'close' } })
  return [response.status, await response.text()]
}

it('a node says whether it is well, and what it counts, and goes on when the process that says it dies', async () => {
  // Longer than one line may be, of letters that JSON escapes.
  const exposition = `# HELP x "quoted"\n${'x{a="\\\\"} 1\n'.repeat(60_000)}x_end 1\n`
  const { listenAt, troubles, wanted, tell } = begin(exposition)
  const { port, free } = await holdPort()
  listenAt(port)
  await eventually(() =>
    expect(troubles.get('monitoring-port')).toMatchObject({
      code: 'monitoring-unheard',
      message: `nothing listens at ${OWN}, port ${port}, for metrics and health: somebody else has the port`,
    }),
  )
  await free()
  await eventually(() => expect(troubles.get('monitoring-port')).toBeNull())
  // On a busy machine what was told last may be too old for a moment: then it is 503, whatever is asked.
  const answers = (path: string, ...answer: readonly [number, string]) =>
    eventually(async () => expect(await get(port, path)).toEqual(answer))
  await answers('/healthz', 200, 'ok\n')
  await answers('/owner/web', 200, 'owner\n')
  await answers('/owner/mail', 503, 'another node owns it, or nobody\n')
  await answers('/metrics?realservers=no', 200, exposition)
  expect(wanted).toContainEqual({ realservers: 'no' })

  tell({ ready: 'bob set it to standby', owners: { web: false, mail: false } })
  await answers('/readyz', 503, 'bob set it to standby\n')
  await answers('/owner/web', 503, 'another node owns it, or nobody\n')

  const [pid = 0] = children()
  expect(readFileSync(`/proc/${pid}/status`, 'utf8'), 'it has no rights').not.toMatch(/^Uid:\t0\t/m)
  process.kill(pid, 'SIGKILL')
  await eventually(() => expect(troubles.get('prober')).toMatchObject({ code: 'prober-ended' }))
  await answers('/healthz', 200, 'ok\n')

  listenAt(null)
  await eventually(() => expect(get(port, '/healthz')).rejects.toThrow())
})

it('two ports that somebody else has are two troubles, and each ends by itself', async () => {
  const { listenAt, troubles } = begin('x 1\n')
  const [first, second] = [await holdPort(), await holdPort()]
  listenAt(first.port, second.port)
  await eventually(() => {
    expect(troubles.get('monitoring-port')?.message).toContain(`port ${first.port}, for metrics and health`)
    expect(troubles.get('agent-port')?.message).toContain(`port ${second.port}, for HAProxy`)
  })
  await first.free()
  await eventually(() => expect(troubles.get('monitoring-port')).toBeNull())
  expect(troubles.get('agent-port')).not.toBeNull()
  await second.free()
  await eventually(() => expect(troubles.get('agent-port')).toBeNull())
})
