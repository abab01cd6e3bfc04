/** What happens to a cluster, seen from outside: the observers around a piece of work, and when it is whole again. */
import { type Events, type HistoryEvent } from '@lvsm/protocol'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OwnersReport, type StreamReport, unseen } from '../../scripts/lab/reports.ts'
import { attempt, demand, figure, lab, NODES, owner, sh, status, until, Violation, VIP } from './harness.ts'

/** An observer that was not at work after so long never will be. */
const READY_MS = 20_000
const SETTLE_MS = 30_000
/** A web server of the lab starts a process for each request: more of them only starve what is watched. */
const REQUEST_EVERY_MS = '50'

/** A client that lost its first SYN sends it again after a second. */
export const AFTERMATH_MS = 1200

/** So long a ready peer must be better off before an owner hands over for it, and the longest wait of a scenario for that. */
export const BETTER_FOR_MS = 3000
export const HANDED_OVER_MS = 15_000

export interface Seen {
  readonly owners: OwnersReport
  readonly http: StreamReport
}

/** The groups' addresses but for the VIP, as options of `watched`: to ask for each costs the emulated nodes a few percent. */
export async function gatewaysToo(): Promise<Pick<Watching, 'owners'>> {
  const others = (await status()).groups.flatMap(({ addresses }) => addresses).filter((address) => address !== VIP)
  demand(others.length > 0, 'a group has more addresses than the VIP')
  return { owners: others.flatMap((address) => ['--also', address]) }
}

/** More options of the two observers. */
export interface Watching {
  readonly owners?: readonly string[]
  readonly http?: readonly string[]
}

/** Watches the VIP and a client's requests while `work` lasts. */
export async function watched(
  work: () => Promise<unknown>,
  { owners: more = [], http: options = [] }: Watching = {},
): Promise<Seen> {
  const watches = await Promise.all([
    observe<OwnersReport>('owners', ...more),
    observe<StreamReport>('http', '--every', REQUEST_EVERY_MS, ...options),
  ])
  let failure: unknown
  try {
    await work()
  } catch (error) {
    failure = error
  }
  // Both are always ended: one that stays would disturb the next scenario.
  const [owners, http] = await Promise.all([watches[0].stop(), watches[1].stop()])
  if (failure) throw failure
  return { owners, http }
}

async function observe<Report>(what: 'owners' | 'http', ...options: string[]): Promise<{ stop(): Promise<Report> }> {
  const child = spawn('observe', [what, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let report = ''
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    report += chunk.toString()
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`observe ${what} is not at work after ${READY_MS} ms: ${said}`))
    }, READY_MS)
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.includes('ready')) return
      clearTimeout(timer)
      resolve()
    })
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
      try {
        return JSON.parse(report) as Report
      } catch {
        throw new Error(`observe ${what} gave no report: ${said}`)
      }
    },
  }
}

/** What the witnesses of a fault or a move saw, for the log. */
export const told = (what: string, { owners, http }: Seen): void =>
  figure(
    what,
    `longest silence ${Math.max(...owners.addresses.map(({ longestSilenceMs }) => longestSilenceMs)).toFixed(0)} ms, ` +
      `longest gap ${http.longestGapMs.toFixed(0)} ms, ${http.failed} of ${http.requests} requests failed`,
  )

/** Nobody saw two owners, and the witness missed nothing. */
export function demandOneOwner({ owners }: Pick<Seen, 'owners'>): void {
  const blind = unseen(owners)
  demand(blind === null, `${blind}`)
  for (const { address, twoOwnersMs, overlaps, strangers } of owners.addresses) {
    if (twoOwnersMs > 0)
      throw new Violation(`${address}: two owners for ${twoOwnersMs} ms: ${JSON.stringify(overlaps)}`)
    demand(strangers.length === 0, `${address} is claimed by no director: ${JSON.stringify(strangers)}`)
  }
}

export function demandNoneFailed({ http: { failed, failures } }: Pick<Seen, 'http'>): void {
  demand(failed === 0, `${failed} requests failed: ${JSON.stringify(failures.slice(0, 5))}`)
}

export function demandNoMove({ owners }: Pick<Seen, 'owners'>): void {
  demand(
    owners.addresses.every(({ changes }) => changes.length === 0),
    'no move was seen',
  )
}

/** Time goes by on purpose: how long a fault lasts. Never to wait for something. */
export const lasting = (ms: number): Promise<void> => sleep(ms)

export interface Seats {
  readonly group: string
  readonly from: string
  /** The other director. */
  readonly to: string
  readonly number: number
}

/** Who owns the first group, who could, and the lease number. */
export async function seats(): Promise<Seats> {
  const [group] = (await status()).groups
  const to = group?.directors.find((name) => name !== group.owner)
  demand(group?.owner && to, 'a group with an owner and a second director')
  return { group: group.name, from: group.owner, to, number: group.number }
}

const eventsOf = async (node: string): Promise<readonly HistoryEvent[]> =>
  (JSON.parse(await lab('api', node, 'GET', '/v1/events')) as Events).events

/** The lease was given up as planned, and why; milliseconds from `cause` to the offer, by the node's own history. */
export async function handedOver(from: string, number: number, why: RegExp, cause?: RegExp): Promise<number> {
  const events = (await eventsOf(from)).filter((event) => event.node === from)
  const last = (kind: string): HistoryEvent | undefined => events.findLast((event) => event.kind === kind)
  const [released, offered] = [last('released'), last('offered')]
  figure('its last words', `${offered?.at} ${offered?.reason} | ${released?.at} ${released?.reason}`)
  demand(released?.number === number && why.test(released.reason), `released: ${JSON.stringify(released)}`)
  demand(offered?.number === number, `offered: ${JSON.stringify(offered)}`)
  const caused = cause && events.findLast(({ reason }) => cause.test(reason))
  demand(!cause || caused, `a cause like ${cause} among ${JSON.stringify(events.slice(-9))}`)
  return caused ? Date.parse(offered.at) - Date.parse(caused.at) : 0
}

/** Another owner than `before`, as an agent with quorum sees it. */
export const successorOf = (before: string): Promise<string> =>
  until(
    async () => {
      const now = await owner()
      return now !== null && now !== before && now
    },
    15_000,
    `another owner than ${before}`,
  )

/** A few requests of a client through the VIP, by our own observer: shells and small clients differ between machines. */
export async function asked(): Promise<number> {
  const { requests, failed } = JSON.parse(await sh('observe http --limit 2000 --for 200', 10_000)) as StreamReport
  return requests - failed
}

export const served = (ms = 15_000): Promise<number> => until(asked, ms, 'a client is served')

/** Until whoever is asked (any node, or this one) has this director's word. One whose group moved after all is no owner: other demands say so. */
export const seated = (director: string, ms: number, asks?: string): Promise<unknown> =>
  until(
    async () => {
      const { nodes } = await status(asks)
      const state = nodes.find(({ name }) => name === director)?.state
      return state === 'owner' || state === 'standby'
    },
    ms,
    `${director} says what it is`,
  )

/** Everything healed and started; until every node does its work and every realserver takes requests. */
export async function whole(): Promise<void> {
  await lab('heal')
  await Promise.all(NODES.map((node) => attempt(`lab start ${node} everything`)))
  await until(
    async () => {
      const { quorum, groups, services, nodes } = await status()
      return (
        quorum &&
        groups.every((group) => group.owner !== null) &&
        services.every(({ realservers }) =>
          realservers.every(({ healthy, weight }) => healthy === true && weight > 0),
        ) &&
        nodes.every(({ agent, state }) => agent && ['owner', 'standby', 'serving', 'witness', 'idle'].includes(state))
      )
    },
    SETTLE_MS,
    'the cluster is whole',
  )
}
