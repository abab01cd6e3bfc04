// lab: long=yes
/** `lvsm fence status` on each node: what the kernel lets pass now; also while the lease process is dead. */
import { type FenceReport } from '@lvsm/protocol'
import { attempt, demand, figure, lab, NODES, on, sh, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { seats, successorOf, whole } from './witness.ts'

const fenceOf = async (node: string): Promise<FenceReport> =>
  JSON.parse(await sh(`lvsm --node ${node} fence status -o json`)) as FenceReport
const elements = (report: FenceReport) => report.groups.flatMap((group) => group.elements)
const show = (text: string): void => {
  for (const line of text.split('\n')) console.log(`#   ${line}`)
}

scenario('owner: open, with the time left; standby: closed; realserver: none needed', async () => {
  await whole()
  const { from, to } = await seats()
  for (const node of NODES) {
    const report = await fenceOf(node)
    demand(report.node === node && report.leaseFault === null, `${node} answers: ${JSON.stringify(report)}`)
    demand(report.faults.length === 0, `${node} is whole: ${JSON.stringify(report.faults)}`)
    if (node !== from && node !== to) {
      demand(report.directs.length === 0 && report.groups.length === 0, `${node}: ${JSON.stringify(report)}`)
      continue
    }
    const found = elements(report)
    demand(found.length === 3, `${node} has an element in each table: ${JSON.stringify(found)}`)
    demand(
      found.every(({ open, leftMs, timeoutMs }) =>
        node === from ? open && leftMs > 0 && leftMs <= timeoutMs : !open && leftMs === 0,
      ),
      `${node}: ${JSON.stringify(found)}`,
    )
    demand(report.groups[0]?.addresses.includes(VIP), `the addresses of ${node}: ${report.groups[0]?.addresses.join()}`)
  }
  show(await sh(`lvsm --node ${from} fence status; lvsm --node ${to} fence status; lvsm --node rs1 fence status`))
})

scenario('what a standby drops is counted, as nft counts it', async () => {
  const { to } = await seats()
  const dropped = async (): Promise<number> =>
    elements(await fenceOf(to)).find(({ family }) => family === 'arp')?.droppedPackets ?? 0
  const before = await dropped()
  // Everybody on the link is asked who has the VIP, each time.
  await on('client', `busybox arping -b -c 3 -I outside ${VIP}`)
  const after = await until(async () => ((await dropped()) >= before + 3 ? dropped() : 0), 5000, 'the counter grows')
  const listed = /counter packets (\d+)/.exec(await on(to, 'nft list chain arp lvsm group-web'))?.[1]
  figure('dropped before, after, by nft', `${before}, ${after}, ${listed}`)
  demand(Number(listed) >= after, `nft counts ${listed}`)
})

scenario('the lease process is killed: the fence of its node is shown, closed, and who is missing', async () => {
  const { from } = await seats()
  await lab('kill', from, 'lease')
  try {
    await successorOf(from)
    const report = await until(
      async () => {
        const now = await fenceOf(from)
        return now.leaseFault !== null && now
      },
      10_000,
      'the agent misses its lease process',
    )
    demand(report.faults.length === 0, `the tables stand: ${JSON.stringify(report.faults)}`)
    demand(
      elements(report).every(({ open }) => !open),
      `all is closed: ${JSON.stringify(elements(report))}`,
    )
    const { code, out } = await attempt(`lvsm --node ${from} fence status`)
    demand(code === 0 && out.includes('its lease process does not answer'), `exit ${code}: ${out}`)
    show(out)
  } finally {
    await lab('start', from, 'lease')
  }
  await whole()
})

scenario(
  'after a clean stop there are no tables: said so, with the next step; they come back with the process',
  async () => {
    const { to } = await seats()
    await lab('stop', to, 'lease')
    try {
      const report = await until(
        async () => {
          const now = await fenceOf(to)
          return now.leaseFault !== null && now
        },
        10_000,
        'the agent misses its lease process',
      )
      const [fault] = report.faults
      demand(fault?.code === 'no-fence' && fault.hint?.includes('start lvsm-lease'), JSON.stringify(report.faults))
      show(await sh(`lvsm --node ${to} fence status`))
    } finally {
      await lab('start', to, 'lease')
    }
    await whole()
    const report = await fenceOf(to)
    demand(
      report.faults.length === 0 && elements(report).length === 3,
      `${to} is fenced again: ${JSON.stringify(report)}`,
    )
  },
)
