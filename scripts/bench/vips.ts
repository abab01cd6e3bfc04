/**
 * `npm run bench -- vips`: a power cut of the owner of 1,000 VIPs in one group, lsvm and keepalived in the same boot: how soon the first of
 * them answers again, and the last.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureFping } from '../lab/fping.ts'
import { closeLabs, openStage } from '../lab/opening.ts'
import { LabError } from '../lab/paths.ts'
import type { Stage } from '../lab/stage.ts'
import { thousand } from '../lab/topologies/thousand.ts'
import { POWER_CUT } from './faults.ts'
import { spread } from './figures.ts'
import { type Silence, silenceIn } from './silence.ts'
import { keepalived, lvsm, type System } from './systems.ts'

/** Each address is asked so often; the last one may look later by as much, with both systems alike. */
const PERIOD_MS = 500
const WATCH_S = 8
const LEAD_MS = 1500
/** Shorter than any failover, longer than a packet needs. */
const STRUCK_MS = 50
/** Of the peer's time. */
const MOST = 1.5

type Taken = Readonly<Record<System['name'], Silence[]>>

const LIST = '/tmp/vips'
async function listed(stage: Stage): Promise<void> {
  const { groups } = thousand as unknown as { readonly groups: readonly [{ readonly vips: readonly string[] }] }
  const lines = groups[0].vips.map((cidr) => cidr.split('/')[0]).join(' ')
  // The client's kernel keeps a neighbour for each of them.
  const room = 'for n in 1 2 3; do echo 8192 > /proc/sys/net/ipv4/neigh/default/gc_thresh$n; done'
  const { code, err } = await stage.run(['sh', '-ec', `${room}; printf '%s\\n' ${lines} > ${LIST}`])
  if (code !== 0) throw new LabError(`the list of VIPs: ${err.trim()}`)
}

async function once(stage: Stage, system: System, fping: string): Promise<Silence | null> {
  const owner = await system.settled(stage)
  const words = `${fping} -l -D -p ${PERIOD_MS} -i ${PERIOD_MS / 1250} -f ${LIST}`
  const asking = stage.run(['sh', '-c', `timeout ${WATCH_S} ${words} 2>/dev/null; true`], 'client')
  await sleep(LEAD_MS + Math.random() * 200)
  await POWER_CUT.begin(stage, owner, system)
  const { out } = await asking
  await POWER_CUT.end(stage, owner, system)
  await sleep(POWER_CUT.aftermathMs)
  return silenceIn(out, STRUCK_MS)
}

async function suffer(stage: Stage, system: System, runs: number, say: (text: string) => void): Promise<Silence[]> {
  const fping = await ensureFping()
  const taken: Silence[] = []
  for (let run = 1; taken.length < runs; run++) {
    if (run > 2 * runs) throw new LabError(`${system.name}: no silence was seen in ${run - 1 - taken.length} runs`)
    const silence = await once(stage, system, fping)
    say(`${system.name} ${run}/${runs}: ${silence === null ? 'no silence was seen; once more' : told(silence)}`)
    if (silence !== null) taken.push(silence)
  }
  return taken
}
const told = ({ firstMs, lastMs, missing }: Silence): string =>
  `first ${firstMs.toFixed(0)} ms, last ${lastMs.toFixed(0)} ms${missing > 0 ? `, ${missing} never again` : ''}`

/** Met: the median of each is at most one and a half times the peer's, and each VIP came back. */
export function judged({ keepalived: peer, lvsm: own }: Taken): {
  readonly lines: readonly string[]
  readonly met: boolean
} {
  const rows = (['firstMs', 'lastMs'] as const).map((figure) => {
    const [ours, theirs] = [own, peer].map((all) => spread(all.map((one) => one[figure])))
    const times = (ours?.median ?? Number.NaN) / (theirs?.median ?? Number.NaN)
    const met = times <= MOST
    const [a, b] = [ours, theirs].map((one) => `${one?.median.toFixed(0)} ms (worst ${one?.worst.toFixed(0)})`)
    const name = figure === 'firstMs' ? 'the first VIP answers' : 'the last VIP answers'
    return { met, line: `${name}: lvsm ${a}, keepalived ${b}: × ${times.toFixed(2)}: ${met ? 'met' : 'MISSED'}` }
  })
  const lost = Math.max(...own.map(({ missing }) => missing))
  const lines = [...rows.map(({ line }) => line), `VIPs that did not come back: at most ${lost}`]
  return { lines, met: rows.every(({ met }) => met) && lost === 0 }
}

export async function vips(
  runs: number,
  say: (text: string) => void,
): Promise<{ readonly met: boolean; readonly taken: Taken }> {
  const stage = await openStage({ topology: thousand.name, cluster: 'later' })
  try {
    await listed(stage)
    await stage.verb('peer', 'start', 'keepalived')
    const peer = await suffer(stage, keepalived, runs, say)
    await stage.verb('peer', 'stop')
    say('starting the lvsm cluster in the same boot')
    await stage.verb('cluster')
    const taken = { keepalived: peer, lvsm: await suffer(stage, lvsm, runs, say) }
    const { lines, met } = judged(taken)
    process.stdout.write(`${lines.join('\n')}\n`)
    return { met, taken }
  } finally {
    closeLabs()
  }
}
