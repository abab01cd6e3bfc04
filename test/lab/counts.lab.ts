// lab: long=yes
/** What the kernel counts, as `lvsm stats` and `lvsm connections` tell it: held against ipvsadm, with real clients. */
import type { ConnectionsReport, RateHistory, StatsReport } from '@lvsm/protocol'
import { attempt, demand, figure, on, owner, PORT, sh, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'

const CLIENT = 'client'
const REQUESTS = 60
/** Connections that are only opened and left: what IPVS has of them stays for minutes. */
const MANY = 3000
/** What a figure may lag behind that grows while it is read: checks and other clients are few. */
const SLACK = 5

const stats = async (node: string): Promise<StatsReport> =>
  JSON.parse(await sh(`lvsm --node ${node} stats -o json`)) as StatsReport
const connections = async (node: string, words = ''): Promise<ConnectionsReport> =>
  JSON.parse(await sh(`lvsm --node ${node} connections ${words} -o json`)) as ConnectionsReport
const holder = async (): Promise<string> => (await owner()) ?? 'nobody'

interface Row {
  readonly address: string
  readonly figures: readonly number[]
}
/** Connections, packets in and out, bytes in and out of each realserver by `ipvsadm -Ln --stats --exact`. */
const byTool = async (node: string): Promise<Row[]> =>
  (await on(node, 'ipvsadm -Ln --stats --exact')).split('\n').flatMap((line) => {
    const [arrow, address = '', ...figures] = line.trim().split(/\s+/)
    return arrow === '->' && /^\d/.test(address) ? [{ address, figures: figures.map(Number) }] : []
  })

/** Opens many connections to the VIP, and ends without a word. */
const OPENER = `
  const { connect } = require('node:net')
  let left = ${MANY}
  const next = () => {
    if (left-- <= 0) return
    const socket = connect({ host: '${VIP}', port: ${PORT || 80} }, () => { socket.destroy(); next() })
    socket.on('error', next)
  }
  for (let lane = 0; lane < 20; lane++) next()`

scenario('lvsm stats tells the same figures as ipvsadm, under the names of the configuration', async () => {
  for (let at = 0; at < REQUESTS; at++) await on(CLIENT, `curl -s -o /dev/null -m 10 http://${VIP}:${PORT}/`)
  const node = await holder()
  const [told, rows] = [await stats(node), await byTool(node)]
  const group = told.groups.find((one) => one.owner === node)
  demand(group, `${node} says that it owns a group`)
  const servers = told.services.flatMap(({ realservers }) => realservers)
  demand(servers.length === rows.length, `${servers.length} realservers are told, ipvsadm has ${rows.length}`)
  for (const { address, totals, node: name } of servers) {
    demand(name !== null, `${address} has a name`)
    const row = rows.find((one) => one.address === address)
    demand(row, `ipvsadm has ${address}`)
    const own = [totals.connections, totals.inPackets, totals.outPackets, totals.inBytes, totals.outBytes]
    const far = own.findIndex(
      (value, at) => value > (row.figures[at] ?? 0) || value < (row.figures[at] ?? 0) - SLACK * 1500,
    )
    demand(far < 0, `${name} ${address}: ${own.join(' ')} and ipvsadm ${row.figures.join(' ')}`)
  }
  demand(group.totals.connections >= REQUESTS, `${group.totals.connections} connections of ${REQUESTS} requests`)
  figure('lvsm stats --totals', `\n${await sh(`lvsm --node ${node} stats --totals`)}`)
})

scenario('the other director names the owner', async () => {
  const node = await holder()
  const other = node === 'dir1' ? 'dir2' : 'dir1'
  const text = await sh(`lvsm --node ${other} stats`)
  demand(text.includes(`${node} owns it; its counts are there: lvsm stats on ${node}`), text)
})

scenario('rates rise while there are requests', async () => {
  const node = await holder()
  const opening = attempt(`ip netns exec ${CLIENT} ${process.execPath} -e "${OPENER}"`)
  const seen = await until(
    async () => {
      const told = await stats(node)
      const rate = told.groups.find((one) => one.owner === node)?.rates.connections ?? 0
      return rate > 0 && { rate, text: await sh(`lvsm --node ${node} stats`) }
    },
    30_000,
    'a rate',
  )
  figure('lvsm stats while clients come', `\n${seen.text}`)
  await opening
})

/** Two samples. */
const SAMPLED_MS = 30_000

scenario(
  'lvsm stats --history has what clients did in its newest samples, of the node and of the service',
  async () => {
    const node = await holder()
    const history = async (): Promise<RateHistory> =>
      JSON.parse(await sh(`lvsm --node ${node} stats --history -o json`)) as RateHistory
    const busiest = (values: readonly (number | null)[]): number =>
      Math.max(0, ...values.slice(-6).map((value) => value ?? 0))
    const asking = on(CLIENT, `for i in $(seq 300); do curl -s -o /dev/null -m 10 http://${VIP}:${PORT}/; done`)
    await until(
      async () => {
        const { total, services } = await history()
        return [total, ...services].every(({ hour }) => busiest(hour.connections) > 0 && busiest(hour.inBytes) > 0)
      },
      SAMPLED_MS,
      'the samples have them',
    )
    await asking
    const told = await history()
    demand(told.directs && told.services.length > 0, `${node} directs ${told.services.length} services`)
    figure('lvsm stats --history', `\n${await sh(`lvsm --node ${node} stats --history`)}`)
  },
)

scenario('lvsm connections counts as many as ipvsadm lists, whatever was asked for', async () => {
  const node = await holder()
  const before = Number(await on(node, 'ipvsadm -Lcn | tail -n +3 | wc -l'))
  const began = performance.now()
  const all = await connections(node, '-n 10')
  figure('milliseconds for', `${(performance.now() - began).toFixed(0)} ms, ${all.read} connections`)
  const after = Number(await on(node, 'ipvsadm -Lcn | tail -n +3 | wc -l'))
  demand(all.whole, 'all were read')
  const [least, most] = [Math.min(before, after) - SLACK, Math.max(before, after) + SLACK]
  demand(all.read >= least && all.read <= most, `${all.read} connections, ipvsadm has ${before} and ${after}`)
  demand(all.read >= MANY / 2, `${all.read} of ${MANY} that were opened`)
  demand(all.connections.length === 10, `${all.connections.length} are listed`)
  const sum = Object.values(all.states).reduce((one, other) => one + other, 0)
  demand(sum === all.matched, `states sum up to ${sum} of ${all.matched}`)
  const [server] = all.servers
  demand(server?.node, 'the realserver with the most has a name')
  const some = await connections(node, `--server ${server.node} -n 1`)
  demand(some.matched > 0 && some.matched <= all.matched + SLACK, `${some.matched} of ${server.node}`)
  const none = await connections(node, '--client 198.51.100.0/24')
  demand(none.matched === 0 && none.read > 0, `${none.matched} of nobody`)
  const wrong = await attempt(`lvsm --node ${node} connections --service htp`)
  demand(wrong.code === 1, `a wrong name ends with ${wrong.code}`)
  figure('lvsm connections -n 3', `\n${await sh(`lvsm --node ${node} connections -n 3`)}`)
})
