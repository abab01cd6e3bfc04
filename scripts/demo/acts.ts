/** The acts of the demo: each does one thing to a living cluster, watches from outside, and judges what it saw. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type OwnersReport, type StreamReport, unseen } from '../lab/reports.ts'
import { type Stage, until } from '../lab/stage.ts'

export interface Line {
  readonly text: string
  /** Undefined: told, not judged. */
  readonly ok?: boolean
}
export type Tell = (line: Line) => void

export interface Act {
  readonly title: string
  play(stage: Stage, tell: Tell): Promise<void>
}

const ms = (value: number): string => `${Math.round(value)} ms`
/** A client whose first SYN was lost sends it again after a second: watch for longer than that. */
const AFTERMATH_MS = 1300
/** For what never comes; on a machine that works on other things too, seconds become a minute. */
const PATIENCE_MS = 120_000

const serversOf = (report: StreamReport): string =>
  Object.entries(report.servers)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

const failures = (report: StreamReport): Line => ({
  text: `${report.failed} of ${report.requests} requests failed, the longest took ${ms(report.longestRequestMs)}`,
  ok: report.failed === 0,
})
const oneOwner = (report: OwnersReport): Line => {
  const blind = unseen(report)
  if (blind !== null) return { text: `two owners at once: nobody knows, ${blind}`, ok: false }
  const twice = Math.max(...report.addresses.map(({ twoOwnersMs }) => twoOwnersMs))
  return { text: `two owners at once: ${ms(twice)}`, ok: twice === 0 }
}

const owned = (stage: Stage, besides: string): Promise<string> =>
  until('a takeover', PATIENCE_MS, async () => {
    const owner = await stage.owner()
    return owner !== null && owner !== besides && owner
  })
const currentOwner = (stage: Stage): Promise<string> => owned(stage, '')
const standsBy = (stage: Stage, node: string): Promise<boolean> =>
  until(`${node} standing by`, PATIENCE_MS, async () =>
    (await stage.status()).nodes.some(({ name, state, agent }) => name === node && agent && state === 'standby'),
  )
const weightOf = async (stage: Stage, node: string): Promise<number> => {
  const servers = (await stage.status()).services.flatMap(({ realservers }) => realservers)
  return servers.find((server) => server.node === node)?.weight ?? 0
}

const traffic: Act = {
  title: 'a client asks the VIP, 50 fresh connections a second',
  async play(stage, tell) {
    const client = await stage.observe('http')
    await sleep(3000)
    const seen = await client.stop()
    tell({
      text: `answers: ${serversOf(seen)} (rs1 and rs2 by direct routing, rs3 by NAT)`,
      ok: Object.keys(seen.servers).length === 3,
    })
    tell(failures(seen))
  },
}

const deadService: Act = {
  title: 'the web server of rs2 is killed',
  async play(stage, tell) {
    const client = await stage.observe('http')
    await sleep(500)
    const began = performance.now()
    const { ended: killed = 0 } = await stage.verb('kill', 'rs2', 'service')
    await until('rs2 leaving the table', PATIENCE_MS, async () => (await weightOf(stage, 'rs2')) === 0)
    tell({ text: `out of the table after ${ms(performance.now() - began)}`, ok: true })
    await sleep(AFTERMATH_MS)
    const seen = await client.stop()
    // What it was answering when it died ends with it; nobody who came later may notice.
    const later = seen.failures.filter((failure) => failure.began > killed).length
    tell({
      text: `${later} of ${seen.requests} requests that began later failed, the longest took ${ms(seen.longestRequestMs)}; ${seen.failed - later} broke off in the middle`,
      ok: later === 0,
    })
    await stage.verb('start', 'rs2', 'service')
    await until('rs2 coming back', PATIENCE_MS, async () => (await weightOf(stage, 'rs2')) > 0)
    tell({ text: 'started again, checked, back in the table', ok: true })
  },
}

const powerCut: Act = {
  title: "the owner's power is cut",
  async play(stage, tell) {
    const before = await currentOwner(stage)
    const [client, owners] = [await stage.observe('http'), await stage.observe('owners')]
    await sleep(500)
    await stage.verb('power-cut', before)
    const now = await owned(stage, before)
    await sleep(AFTERMATH_MS)
    const [seen, watched] = [await client.stop(), await owners.stop()]
    tell({ text: `${now} took over from ${before}: nobody answered a client for ${ms(seen.longestGapMs)}`, ok: true })
    tell(oneOwner(watched))
    await stage.verb('power-on', before)
    await standsBy(stage, before)
    await sleep(AFTERMATH_MS)
    tell({
      text: `${before} has power again and stands by; nothing moves back by itself`,
      ok: (await currentOwner(stage)) === now,
    })
  },
}

const switchover: Act = {
  title: 'the VIP is moved back by a planned switchover',
  async play(stage, tell) {
    const before = await currentOwner(stage)
    const [client, owners] = [await stage.observe('http'), await stage.observe('owners')]
    await sleep(700)
    const group = (await stage.status()).groups[0]?.name
    const moved = await stage.switchover(group, before)
    await sleep(AFTERMATH_MS)
    const [seen, watched] = [await client.stop(), await owners.stop()]
    tell({
      text: `${moved.from} → ${moved.to} in ${ms(moved.tookMs)}, lease ${moved.number}; longest gap for a client ${ms(seen.longestGapMs)}`,
      ok: true,
    })
    tell(failures(seen))
    tell(oneOwner(watched))
  },
}

const frozen: Act = {
  title: "the owner's lease process is stopped (SIGSTOP) for 3 s, and continued",
  async play(stage, tell) {
    const before = await currentOwner(stage)
    const owners = await stage.observe('owners')
    await sleep(500)
    await stage.verb('freeze', before, 'lease')
    const now = await owned(stage, before)
    await sleep(3000)
    await stage.verb('thaw', before, 'lease')
    await sleep(AFTERMATH_MS)
    tell({ text: `${now} took over while ${before} hung`, ok: now !== before })
    tell(oneOwner(await owners.stop()))
  },
}

export const ACTS: readonly Act[] = [traffic, deadService, powerCut, switchover, frozen]
