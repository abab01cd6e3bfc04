// lab: long=yes
/**
 * lvsm comes to machines that balance already: a table by ipvsadm and a VIP by hand, with connections through them. It takes both over where they
 * stand, and what goes through them goes on.
 */
import { beside } from './beside.ts'
import { demand, figure, lab, on, owner, sh, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { download, endsWell, type Program, says, serverOn, session } from './sessions.ts'
import { addresses, ipvsService } from './tables.ts'
import { demandOneOwner, lasting, type Seats, seats, watched, whole } from './witness.ts'

const PORT = 7100
const SERVICE = `${VIP}:${PORT}`
const SERVER = '10.11.0.11'
const FOREIGN = '10.11.0.99:8080'
const OURS = ['arp lvsm', 'inet lvsm', 'netdev lvsm', 'inet lvsm-nat']
/** Longer than a node that has just started waits for the others, and for its first look. */
const TAKEN_MS = 60_000
const KNOWN_MS = 5000

const LONG = {
  services: `  - { name: adopted, group: web, address: ${VIP}, port: ${PORT}, protocol: tcp, scheduler: wrr, check: { type: none }, realservers: [{ node: rs1, address: ${SERVER}, forward: dr, weight: 2 }] }\n`,
  servers: () => [serverOn('rs1', PORT)],
  last: `${VIP}:${PORT} -r ${SERVER}:${PORT}`,
}

/** What lvsm left there goes, so that it finds a machine that it has never seen. */
async function unmade(node: string): Promise<void> {
  await on(node, OURS.map((table) => `nft delete table ${table} 2>/dev/null`).join('; ') + '; true')
  await on(node, 'ipvsadm --stop-daemon master 2>/dev/null; ipvsadm --stop-daemon backup 2>/dev/null; ipvsadm -C')
  await sh(`rm -f /var/lib/lvsm/${node}/agent.owned*`)
}

/** Another scheduler and another weight than the configuration has, and a service of which it knows nothing. */
async function byHand(node: string): Promise<void> {
  await on(node, `ipvsadm -A -t ${SERVICE} -s wlc; ipvsadm -a -t ${SERVICE} -r ${SERVER}:${PORT} -g -w 1`)
  await on(node, `ipvsadm -A -t ${FOREIGN} -s rr; ipvsadm -a -t ${FOREIGN} -r 10.11.0.77:8080 -g`)
  await on(node, `ip addr add ${VIP}/24 dev outside`)
}

/** Connections since the kernel has the service: of one that is made anew there are none. */
async function counted(node: string): Promise<number> {
  const text = await on(node, `ipvsadm -Ln --stats --exact -t ${SERVICE}`)
  return Number(/^TCP\s+\S+\s+(\d+)/m.exec(text)?.[1] ?? -1)
}
const places = async (node: string): Promise<string[]> =>
  (await addresses(node)).filter(({ local }) => local === VIP).map(({ device }) => device)

async function takenOver({ from, group }: Seats, programs: readonly Program[]): Promise<void> {
  for (const one of programs) await one.line('connected ', 15_000)
  const [first] = programs
  if (first) figure('by hand', `an echo after ${(await says(first)).toFixed(0)} ms`)
  const before = await counted(from)
  demand(before >= programs.length, `${before} connections by hand`)
  const began = performance.now()
  await lab('start', from)
  await until(async () => (await owner(group)) === from, TAKEN_MS, `${from} owns ${group}`)
  await until(
    async () => {
      const { scheduler, destinations } = (await ipvsService(from, SERVICE)) ?? {}
      return scheduler === 'wrr' && destinations?.[0]?.weight === 2
    },
    TAKEN_MS,
    'the service is as the configuration has it',
  )
  figure('taken over after', `${(performance.now() - began).toFixed(0)} ms, with the start of both processes`)
  if (first) figure('by lvsm', `an echo after ${(await says(first)).toFixed(0)} ms`)
  const after = await counted(from)
  demand(after >= before, `the service was made anew: ${before} connections, then ${after}`)
  const service = await ipvsService(from, SERVICE)
  demand(service?.destinations.length === 1, `destinations: ${JSON.stringify(service)}`)
  demand((await ipvsService(from, FOREIGN)) !== undefined, 'what nobody configured stays')
  demand((await places(from)).join() === 'outside', `the VIP is on ${(await places(from)).join()}`)
}

scenario(
  'a table by ipvsadm and a VIP by hand, with connections through them, are taken over and no connection ends',
  () =>
    beside(LONG, async () => {
      await whole()
      const seated = await seats()
      const { from, to, group } = seated
      let programs: readonly Program[] = []
      try {
        await lab('stop', to)
        await lab('stop', from)
        await unmade(to)
        await unmade(from)
        await byHand(from)
        programs = [session(PORT), download(PORT)]
        const [talk, load] = programs as readonly [Program, Program]
        await takenOver(seated, programs)
        await lab('start', to)
        await whole()
        await lasting(KNOWN_MS)
        // It is one as any other now: it moves, and nothing of what somebody put there by hand stays behind.
        const seen = await watched(async () => {
          await sh(`lvsm switchover ${group} ${to}`)
          await until(async () => (await owner(group)) === to, 15_000, `${to} owns ${group}`)
          await lasting(KNOWN_MS)
        })
        demandOneOwner(seen)
        demand((await places(from)).length === 0, `${from} still has the VIP`)
        figure('after a switchover', `an echo after ${(await says(talk)).toFixed(0)} ms`)
        const { bytes, longestGapMs } = await endsWell(load)
        figure('download', `${bytes} bytes, whole and in order; its longest gap ${longestGapMs} ms`)
      } finally {
        for (const one of programs) one.end()
        for (const node of [from, to]) await lab('start', node)
        await on(from, `ipvsadm -D -t ${FOREIGN}; true`)
        await whole()
      }
    }),
)
