/**
 * `npm run bench -- throughput`: what a client gets through the owner of a group, beside bare IPVS that was set up by hand in the same boot,
 * with the same realservers, scheduler and forwarding method (DR). wrk asks the one and the other by turns; lvsm costs nothing where the medians
 * are apart by less than the runs of bare IPVS among themselves.
 */
import { ensureWrk } from '../lab/wrk.ts'
import { closeLabs, openStage } from '../lab/opening.ts'
import { LabError } from '../lab/paths.ts'
import type { Stage } from '../lab/stage.ts'
import { judged, type Measured, readWrk } from './wrk-report.ts'

const BARE = 'bare'
const BARE_VIP = '10.11.0.200'
const VIP = '10.11.0.10'
const REALSERVERS = ['10.11.0.11', '10.11.0.12'] as const
const LOAD = ['-t', '1', '-c', '16', '--latency', '--timeout', '5s'] as const
const SECONDS = '8s'

const inSpace = (stage: Stage, node: string, line: string): Promise<string> =>
  shell(stage, `ip netns exec ${node} sh -ec '${line}'`)
async function shell(stage: Stage, line: string): Promise<string> {
  const { code, out, err } = await stage.run(['sh', '-ec', line])
  if (code !== 0) throw new LabError(`${line}: exit ${code}: ${err.trim() || out.trim()}`)
  return out
}

/** A director that nobody manages: an address of its own on the clients' network, and as much as IPVS needs. */
async function setUpBare(stage: Stage): Promise<void> {
  await shell(stage, `ip netns add ${BARE}; ip link add ${BARE}-out type veth peer name outside netns ${BARE}`)
  await shell(stage, `ip link set ${BARE}-out up master out; ip -n ${BARE} link set lo up`)
  await shell(stage, `ip -n ${BARE} link set outside up; ip -n ${BARE} address add 10.11.0.3/24 dev outside`)
  await shell(stage, `ip -n ${BARE} address add ${BARE_VIP}/32 dev outside`)
  const servers = REALSERVERS.map((address) => `ipvsadm -a -t ${BARE_VIP}:80 -r ${address} -g -w 1`)
  await inSpace(stage, BARE, [`ipvsadm -A -t ${BARE_VIP}:80 -s wrr`, ...servers].join('; '))
  // They are silent for it: what their agents set for the VIP of the cluster is true of every address on lo.
  for (const node of ['rs1', 'rs2']) await shell(stage, `ip -n ${node} address add ${BARE_VIP}/32 dev lo`)
}

const SYSTEMS = [
  ['bare', BARE_VIP],
  ['lvsm', VIP],
] as const
type Taken = Readonly<Record<(typeof SYSTEMS)[number][0], Measured[]>>

export async function throughput(
  runs: number,
  progress: (text: string) => void,
): Promise<{ readonly met: boolean; readonly taken: Taken }> {
  const wrk = await ensureWrk()
  const stage = await openStage({ topology: 'pair', cluster: true })
  try {
    await setUpBare(stage)
    const ask = async (address: string): Promise<Measured> =>
      readWrk(await inSpace(stage, 'client', [...wrk, ...LOAD, '-d', SECONDS, `http://${address}/`].join(' ')))
    const taken: Taken = { bare: [], lvsm: [] }
    // The first of each fills caches, and counts for nothing. Each goes first in every other run: what grows with time weighs on both.
    for (let run = 0; run <= runs; run++)
      for (const [name, address] of run % 2 === 0 ? SYSTEMS : SYSTEMS.toReversed()) {
        const one = await ask(address)
        progress(
          `${name} ${run}/${runs}: ${one.perSecond.toFixed(0)} requests a second, half of them within ${one.medianMs.toFixed(2)} ms`,
        )
        if (run > 0) taken[name].push(one)
      }
    const { lines, met } = judged(taken.bare, taken.lvsm)
    process.stdout.write(`${lines.join('\n')}\n`)
    return { met, taken }
  } finally {
    closeLabs()
  }
}
