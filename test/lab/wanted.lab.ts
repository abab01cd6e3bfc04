/** What operators want for a while, on a real kernel: agents that follow a coordinator and have its facts, while nobody answers there. */
import { encodeFollowedFacts, type Facts, type Intent, type Subject } from '@lvsm/protocol'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { placesOf } from '../../scripts/lab/places.ts'
import { demand, lab, on, owner, PORT, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { addresses, ipvsService } from './tables.ts'
import {
  AFTERMATH_MS,
  demandNoneFailed,
  demandOneOwner,
  lasting,
  seats,
  served,
  told,
  watched,
  whole,
} from './witness.ts'

const ACTS_MS = 10_000
const FILES = ['followed.yaml', 'followed-facts.json', 'agent.standby'] as const

async function pidOf(node: string): Promise<string> {
  const line = (await lab('pids', node)).split('\n').find((one) => one.split('\t')[1] === 'agent')
  const pid = line?.split('\t')[2] ?? ''
  demand(/^\d+$/.test(pid), `the agent's pid on ${node}: ${line}`)
  return pid
}

/** In place of the node's agent one that follows. */
class Following {
  readonly #node: string
  readonly #pid: string
  static #number = 0

  private constructor(node: string, pid: string) {
    this.#node = node
    this.#pid = pid
  }
  static async on(node: string): Promise<Following> {
    const { state, log, config } = placesOf(node)
    const argv = readFileSync(`/proc/${await pidOf(node)}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1)
    const at = argv.indexOf('--config')
    demand(at > 0, `an agent with a file: ${argv.join(' ')}`)
    argv.splice(at, 2, '--follow', `${state}/nobody.sock`)
    copyFileSync(config, `${state}/followed.yaml`)
    await lab('stop', node, 'agent')
    const line = argv.map((word) => `'${word}'`).join(' ')
    return new Following(node, await on(node, `setsid ${line} >> ${log}/following.log 2>&1 < /dev/null & echo $!`))
  }
  /** As who writes the feed's facts down does it: the file, then a word to the agent. */
  async has(facts: Facts): Promise<void> {
    writeFileSync(`${placesOf(this.#node).state}/followed-facts.json`, encodeFollowedFacts(facts), { mode: 0o600 })
    await sh(`kill -HUP ${this.#pid}`)
  }
  async end(): Promise<void> {
    await sh(`kill -TERM ${this.#pid}; while kill -0 ${this.#pid} 2> /dev/null; do sleep 0.1; done`)
    for (const name of FILES) rmSync(`${placesOf(this.#node).state}/${name}`, { force: true })
    await lab('start', this.#node, 'agent')
  }

  static facts(wants: readonly (readonly [Subject, Intent])[], ended: readonly string[] = []): Facts {
    const number = ++Following.#number
    const now = Date.now()
    const list = wants.map(([subject, intent]) => {
      return { subject, intent, author: 'lab', since: now, until: null, comment: 'a scenario', number }
    })
    return { number, list, ends: ended.map((node) => ({ node, number, at: now })) }
  }
}

/** Both directors follow while it works. */
async function followed(work: (want: (facts: Facts) => Promise<void>) => Promise<void>): Promise<void> {
  const { from, to } = await seats()
  const agents = [await Following.on(from), await Following.on(to)]
  try {
    for (const node of [from, to])
      await until(async () => (await status(node)).quorum, 20_000, `${node}'s agent answers`)
    await work(async (facts) => {
      for (const agent of agents) await agent.has(facts)
    })
  } finally {
    for (const agent of agents) await agent.end()
  }
  await whole()
}

const weightOf = async (node: string, key: string): Promise<number | undefined> =>
  (await ipvsService(node, `${VIP}:${PORT}`))?.destinations.find(({ address }) => address === key)?.weight

const serverOf = async () => {
  const service = (await status()).services.find(({ address, port }) => address === VIP && String(port) === PORT)
  const [server] = service?.realservers ?? []
  demand(service && server, 'a realserver')
  return { service: service.name, node: server.node, key: `${server.address}:${server.port}`, weight: server.weight }
}

scenario(
  'a drained realserver has weight 0 on both directors, a stopped one is in no table; no request fails',
  async () => {
    await whole()
    await followed(async (want) => {
      const { from, to } = await seats()
      const { service, node, key, weight } = await serverOf()
      const about: Subject = { kind: 'server', node, service }
      const both = (wanted: number | undefined) => async (): Promise<boolean> =>
        (await Promise.all([from, to].map((one) => weightOf(one, key)))).every((one) => one === wanted)
      const shown = async (): Promise<string | undefined> =>
        (await status(to)).services.find(({ name }) => name === service)?.realservers.find((one) => one.node === node)
          ?.state
      const seen = await watched(async () => {
        await want(Following.facts([[about, 'drain']]))
        await until(both(0), ACTS_MS, `weight 0 for ${key} on both`)
        await until(async () => (await shown()) === 'drained', 4 * ACTS_MS, 'it is shown as drained')
        await want(Following.facts([]))
        await until(both(weight), ACTS_MS, `weight ${weight} again`)
        await lasting(AFTERMATH_MS)
      })
      told('a drain, and its end', seen)
      demandOneOwner(seen)
      demandNoneFailed(seen)
      await want(Following.facts([[about, 'stop']]))
      await until(both(undefined), ACTS_MS, `${key} is in no table`)
      demand((await sh('lvsm status')).includes('MAINTENANCE'), 'status tells of it')
      await want(Following.facts([]))
      await until(both(weight), ACTS_MS, `${key} is back`)
      await served()
    })
  },
)

scenario(
  'a stopped group is owned by nobody, also after its directors start anew; then it is served again',
  async () => {
    await whole()
    await followed(async (want) => {
      const { group, from, to } = await seats()
      const standing = async (): Promise<boolean> =>
        (await Promise.all([from, to].map(addresses))).flat().some(({ local }) => local === VIP)
      await want(Following.facts([[{ kind: 'group', group }, 'stop']]))
      await until(async () => !(await standing()), ACTS_MS, `${VIP} stands on no director`)
      const state = async () => (await status(to)).groups.find(({ name }) => name === group)?.state
      await until(async () => (await state()) === 'stopped', ACTS_MS, 'status says that it is stopped')
      for (const node of [from, to]) {
        await lab('kill', node, 'lease')
        await lab('start', node, 'lease')
      }
      await until(async () => (await status(from)).quorum, 30_000, 'the directors hear the voters again')
      await lasting(2500)
      demand(!(await standing()), 'nobody has taken it')
      await want(Following.facts([]))
      await until(async () => (await owner()) !== null, 30_000, 'somebody owns it again')
      await served()
    })
  },
)

scenario(
  'standby that coordinators want moves the group without a failed request, and ends with the fact',
  async () => {
    await whole()
    await followed(async (want) => {
      const { from, to } = await seats()
      const seen = await watched(async () => {
        await want(Following.facts([[{ kind: 'node', node: from }, 'standby']]))
        await until(async () => (await owner()) === to, 20_000, `${to} owns it`)
        await lasting(AFTERMATH_MS)
      })
      told(`standby of ${from}`, seen)
      demandOneOwner(seen)
      demandNoneFailed(seen)
      const standby = async () => (await status()).nodes.find(({ name }) => name === from)?.standby
      await until(standby, ACTS_MS, 'it is shown')
      await want(Following.facts([], [from]))
      await until(async () => (await standby()) === false, ACTS_MS, 'it is over')
    })
  },
)
