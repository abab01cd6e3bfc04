/** What somebody removes by hand comes back at once; what is not ours stays as it is. Judged by ip, nft and ipvsadm. */
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import { demand, figure, lab, on, PORT, status, until, VIP } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { addresses, ipvs, ipvsService, nftTables, routes } from './tables.ts'
import { asked, demandOneOwner, seats, watched, whole } from './witness.ts'

const SERVICE = `${VIP}:${PORT}`
const DESTINATION = '10.11.0.11:80'
/** Of rs2. */
const FAILED = '10.11.0.12:80'
const GATEWAY = '10.12.0.254'
/** Of a director, and of a realserver by direct routing. */
const SETTINGS = [
  ['owner', 'net.ipv4.conf.outside.send_redirects', '0'],
  ['owner', 'net.ipv4.conf.outside.promote_secondaries', '1'],
  ['rs1', 'net.ipv4.conf.outside.arp_ignore', '1'],
] as const
const FENCE = ['arp lvsm', 'inet lvsm', 'netdev lvsm']
/** One look a second; how long it takes is a figure, and no demand on a machine that is shared. */
const REPAIR_MS = 10_000
/** Between two looks at the tables, by netlink: to start a program would take longer than the repair. */
const LOOK_MS = 5

const foreign = {
  service: '10.11.0.99:8080',
  destination: '10.11.0.77:80',
  table: 'inet foreign',
  address: '192.0.2.7',
  route: '198.51.100.0/24',
}

async function comesBack(what: string, there: () => Promise<unknown>, remove: () => Promise<unknown>, ms = REPAIR_MS) {
  await until(there, 10_000, `${what} is there to begin with`)
  await remove()
  const began = performance.now()
  await until(there, ms, `${what} comes back`)
  const took = performance.now() - began
  figure(`${what} back after`, `${took.toFixed(0)} ms`)
}

const hasAddress = async (node: string, device: string, local: string): Promise<boolean> =>
  (await addresses(node)).some((one) => one.device === device && one.local === local)

/**
 * Flushes everything; milliseconds at most that the fence was away: from the last look that has the foreign table, which
 * nobody puts back, to the first without it that has all of ours.
 */
async function flushed(node: string, ours: readonly string[]): Promise<number> {
  await on(node, `nft 'add table ${foreign.table}'`)
  const netfilter = inNamespace(node, () => openNetlink(NETLINK.netfilter))
  const tables = (): string[] =>
    netfilter.dump(nftables.dumpTables()).flatMap((message) => {
      const decoded = nftables.decodeTable(message)
      return decoded.ok ? [`${decoded.value.family} ${decoded.value.table}`] : []
    })
  let [before, after] = [performance.now(), 0]
  const timer = setInterval(() => {
    const now = tables()
    if (now.includes(foreign.table)) before = performance.now()
    else if (after === 0 && ours.every((table) => now.includes(table))) after = performance.now()
  }, LOOK_MS)
  try {
    await on(node, 'nft flush ruleset')
    await until(() => after > 0, REPAIR_MS, `${ours.join(', ')} of ${node} come back`)
  } finally {
    clearInterval(timer)
    netfilter.close()
  }
  return Math.round(after - before)
}

/** Each foreign entry that is not there any more. */
async function missingForeign(owner: string): Promise<string[]> {
  const kept: readonly [string, boolean][] = [
    ['service', (await ipvs(owner)).some(({ name }) => name === `TCP ${foreign.service}`)],
    [
      'destination',
      (await ipvsService(owner, SERVICE))?.destinations.some(({ address }) => address === foreign.destination) ?? false,
    ],
    ['table', (await nftTables(owner)).includes(foreign.table)],
    ['rule', (await on(owner, 'nft -j list ruleset')).includes('"foreign-rule"')],
    ['address', await hasAddress('rs1', 'lo', foreign.address)],
    ['route', (await routes('rs3')).some(({ dst }) => dst === foreign.route)],
  ]
  return kept.filter(([, there]) => !there).map(([name]) => name)
}

scenario('alias, destination, service, VIP and default route come back, and nothing foreign is touched', async () => {
  await whole()
  const { from: owner, number } = await seats()
  await on(owner, `ipvsadm -A -t ${foreign.service} -s rr`)
  await on(owner, `ipvsadm -a -t ${SERVICE} -r ${foreign.destination} -g -w 0`)
  await on(owner, `nft 'add table ${foreign.table}; add chain ${foreign.table} own'`)
  await on(owner, `nft add rule ${foreign.table} own counter comment foreign-rule`)
  await on('rs1', `ip addr add ${foreign.address}/32 dev lo`)
  await on('rs3', `ip route add ${foreign.route} via 10.12.0.1`)

  await comesBack(
    "the VIP on rs1's lo",
    () => hasAddress('rs1', 'lo', VIP),
    () => on('rs1', `ip addr del ${VIP}/32 dev lo`),
  )
  const alias = (await addresses('rs1')).find(({ device, local }) => device === 'lo' && local === VIP)
  demand(alias?.prefix === 32 && alias.label.endsWith(':lvsm'), `the alias is marked: ${JSON.stringify(alias)}`)
  await comesBack(
    'a destination',
    async () =>
      (await ipvsService(owner, SERVICE))?.destinations.some(
        ({ address, forward, weight }) => address === DESTINATION && forward === 'Route' && weight === 1,
      ),
    () => on(owner, `ipvsadm -d -t ${SERVICE} -r ${DESTINATION}`),
  )
  await comesBack(
    'the VIP of the owner',
    () => hasAddress(owner, 'outside', VIP),
    () => on(owner, `ip addr del ${VIP}/24 dev outside`),
  )
  await comesBack(
    'the default route of rs3',
    async () =>
      (await routes('rs3')).some(
        ({ dst, gateway, protocol }) => dst === 'default' && gateway === GATEWAY && protocol === '76',
      ),
    () => on('rs3', 'ip route del default'),
  )
  demand((await missingForeign(owner)).length === 0, `gone: ${(await missingForeign(owner)).join(', ')}`)
  // Deleted last: the foreign destination lives inside it.
  await on(owner, `ipvsadm -d -t ${SERVICE} -r ${foreign.destination}`)
  await comesBack(
    'the IPVS service',
    async () => (await ipvsService(owner, SERVICE))?.destinations.filter(({ weight }) => weight > 0).length === 3,
    () => on(owner, `ipvsadm -D -t ${SERVICE}`),
  )
  await on(owner, `ipvsadm -D -t ${foreign.service}`)
  await on('rs1', `ip addr del ${foreign.address}/32 dev lo`)
  await on('rs3', `ip route del ${foreign.route}`)
  const after = await seats()
  demand(after.from === owner && after.number === number, 'the owner did not change for that')
  await until(asked, 5000, 'a client is served')
})

scenario('kernel settings come back', async () => {
  const { from: owner } = await seats()
  for (const [where, setting, value] of SETTINGS) {
    const node = where === 'owner' ? owner : where
    await comesBack(
      setting,
      async () => (await on(node, `sysctl -n ${setting}`)).trim() === value,
      () => on(node, `sysctl -qw ${setting}=${1 - Number(value)}`),
    )
  }
})

scenario('a realserver that is out of service and put back by hand goes again', async () => {
  const { from: owner } = await seats()
  const serves = async (): Promise<boolean> =>
    (await ipvsService(owner, SERVICE))?.destinations.some(({ address }) => address === FAILED) ?? false
  await lab('kill', 'rs2', 'web')
  try {
    await until(async () => !(await serves()), REPAIR_MS, 'a realserver that does not answer is out of the table')
    await on(owner, `ipvsadm -a -t ${SERVICE} -r ${FAILED} -g -w 1`)
    await until(async () => !(await serves()), REPAIR_MS, 'it is taken out again')
  } finally {
    await lab('start', 'rs2', 'web')
  }
  await until(serves, REPAIR_MS, 'it serves again once it answers')
})

inSoak('one table of the fence deleted comes back at once, beside a foreign table', async () => {
  const { from, to } = await seats()
  await on(from, `nft 'add table ${foreign.table}'`)
  const seen = await watched(async () => {
    for (const node of [from, to])
      for (const table of ['arp lvsm', 'inet lvsm'])
        await comesBack(
          `${table} of ${node}`,
          async () => (await nftTables(node)).includes(table),
          () => on(node, `nft delete table ${table}`),
          REPAIR_MS,
        )
  })
  demand((await nftTables(from)).includes(foreign.table), 'the foreign table stays')
  await on(from, `nft delete table ${foreign.table}`)
  demandOneOwner(seen)
})

inSoak(
  'nft flush ruleset on either director: the fence is back in less than a second, nobody else answers',
  async () => {
    const { from, to, number } = await seats()
    const seen = await watched(async () => {
      for (const node of [from, to]) {
        const before = await nftTables(node)
        const ours = FENCE.filter((table) => before.includes(table))
        demand(ours.length >= 2, `${node} is fenced: ${before.join(', ')}`)
        const took = await flushed(node, ours)
        figure(`the fence of ${node} away for at most`, `${took} ms`)
        demand(took < 1000, `the fence of ${node} took ${took} ms`)
        await until(
          async () => (await nftTables(node)).join() === before.join(),
          REPAIR_MS,
          `${node} has ${before.join(', ')} again`,
        )
      }
      await until(asked, 5000, 'a client is served')
    })
    demandOneOwner(seen)
    const after = await seats()
    demand(after.from === from && after.number === number, `${from} still owns, not ${after.from}`)
    figure('requests failed', `${seen.http.failed} of ${seen.http.requests}`)
  },
)

scenario('what was put back is told in the history', async () => {
  const { from } = await seats()
  const events = await lab('api', from, 'GET', '/v1/events')
  demand(/put back|repair|restored|removed|back/.test(events), `nothing about it: ${events.slice(0, 2000)}`)
  demand(
    (await status()).troubles.every(({ severity, pastMs }) => severity !== 'critical' || pastMs !== undefined),
    'no critical trouble is left',
  )
})

scenario('a realserver that announces the VIP is corrected by the owner, and named in the history', async () => {
  await whole()
  const { from, number } = await seats()
  const macIn = async (node: string): Promise<string> =>
    String(/link\/ether (\S+)/.exec(await on(node, 'ip link show outside'))?.[1])
  const [own, rival] = [await macIn(from), await macIn('rs2')]
  const known = async (mac: string): Promise<boolean> => (await on('client', `ip neigh show ${VIP}`)).includes(mac)
  await until(asked, 5000, 'a client is served')
  demand(await known(own), 'the client knows the owner')
  await on('rs2', `busybox arping -U -c 1 -I outside ${VIP}`)
  await until(() => known(own), 2000, 'the client knows the owner again')
  const told = new RegExp(`${rival} announced our address; defended`)
  await until(async () => told.test(await lab('api', from, 'GET', '/v1/events')), 5000, `the history names ${rival}`)
  demand((await seats()).number === number, 'nothing moved')
})
