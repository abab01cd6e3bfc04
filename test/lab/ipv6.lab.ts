// lab: topology=dual long=yes
/** Addresses of both families in one group, by direct routing: served, moved together, and nobody's at no moment twice. */
import { type FenceReport } from '@lvsm/protocol'
import { attempt, demand, figure, lab, on, sh, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { demandNoneFailed, demandOneOwner, seats, told, watched, whole } from './witness.ts'

const [VIP4, VIP6] = ['10.11.0.10', '2001:db8:11::10']
const BOTH = { owners: ['--also', VIP6], http: ['--to', VIP6] }

/** Which realserver answers the client. */
const asked = (address = `[${VIP6}]`): Promise<string> => on('client', `curl -s -m 5 'http://${address}/'`)

scenario('clients are served over IPv6 by every realserver, over IPv4 as before; the VIP answers pings', async () => {
  await whole()
  const seen = new Set<string>()
  await until(async () => seen.add(await asked()).size === 2, 20_000, 'both realservers answer over IPv6')
  demand([...seen].toSorted().join() === 'rs1,rs2', `who answered: ${[...seen].join()}`)
  demand(/rs[12]/.test(await asked(VIP4)), 'IPv4 is served')
  figure('ping6', (await on('client', `ping -6 -c 3 -W 3 ${VIP6}`)).split('\n').at(-2) ?? '')
})

scenario(
  'each family has its service in both directors, as ipvsadm shows it, and its addresses, as ip does',
  async () => {
    const { from, to } = await seats()
    for (const node of [from, to]) {
      const table = await on(node, 'ipvsadm -Ln')
      demand(table.includes(`TCP  [${VIP6}]:80 wrr`) && table.includes(`TCP  ${VIP4}:80 wrr`), `${node}: ${table}`)
      demand(/-> \[2001:db8:11::11\]:80 +Route +1/.test(table), `${node} has rs1 by direct routing: ${table}`)
    }
    const owner = await on(from, 'ip -6 addr show dev outside')
    demand(owner.includes(`${VIP6}/64 scope global nodad deprecated`), `on ${from}: ${owner}`)
    demand(!(await on(to, 'ip -6 addr show')).includes(VIP6), `${to} has it not`)
    demand(!(await on(from, 'ip -6 route get 2001:db8:11::100')).includes(`src ${VIP6}`), 'it is no source')
    for (const node of ['rs1', 'rs2']) {
      const alias = await on(node, 'ip -6 addr show dev lo')
      demand(alias.includes(`${VIP6}/128 scope global nodad deprecated`), `on ${node}: ${alias}`)
    }
    console.log((await sh('lvsm status')).replaceAll(/^/gm, '#   '))
    const http6 = (await status()).services.find(({ name }) => name === 'http6')
    const healthy = http6?.realservers.every((one) => one.healthy === true)
    demand(healthy, JSON.stringify(http6))
  },
)

scenario('the fence of both families is open on the owner and closed on the standby', async () => {
  const fences = async (): Promise<boolean> => {
    // The owner may change between two questions: then both are asked again.
    const { from, to } = await seats()
    for (const [node, open] of [
      [from, true],
      [to, false],
    ] as const) {
      const report = JSON.parse(await sh(`lvsm --node ${node} fence status -o json`)) as FenceReport
      const found = report.groups.flatMap(({ elements }) => elements)
      demand(report.faults.length === 0, JSON.stringify(report.faults))
      demand(found.length === 4 && found.every((one) => one.open === open), `${node}: ${JSON.stringify(found)}`)
      demand(report.groups[0]?.addresses.includes(VIP6), JSON.stringify(report.groups))
    }
    return true
  }
  await until(fences, 5000, 'the fence is as the seats are')
})

scenario('a planned switchover moves both families, one owner at every moment, no request over IPv6 lost', async () => {
  const { group, to } = await seats()
  const seen = await watched(async () => {
    await sh(`lvsm switchover ${group} ${to}`)
    await until(async () => (await seats()).from === to, 10_000, `${to} owns ${group}`)
  }, BOTH)
  told('switchover, both families', seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  for (const { address, changes } of seen.owners.addresses)
    demand(changes.length === 1 && changes[0]?.to === to, `${address}: ${JSON.stringify(changes)}`)
})

scenario('the power of the owner is cut: both families move to the other, one owner at every moment', async () => {
  const { from, to } = await seats()
  const seen = await watched(async () => {
    await lab('power-cut', from)
    await until(async () => (await status(to)).groups[0]?.owner === to, 15_000, `${to} owns`)
    await until(async () => /rs[12]/.test(await asked()), 15_000, 'served over IPv6')
  }, BOTH)
  told('power cut, both families', seen)
  demandOneOwner(seen)
  for (const { address, changes, longestSilenceMs } of seen.owners.addresses) {
    figure(`silence of ${address}`, `${longestSilenceMs.toFixed(0)} ms`)
    demand(changes.length === 1 && changes[0]?.to === to, `${address}: ${JSON.stringify(changes)}`)
  }
  const known = await on('client', `ip -6 neigh show ${VIP6}`)
  demand(known.includes(await on(to, 'cat /sys/class/net/outside/address')), `the client knows ${to}: ${known}`)
  await lab('power-on', from)
  await whole()
})

scenario('a realserver never answers who has the VIP, from its start on', async () => {
  const seen = await watched(async () => {
    for (const process of ['agent', 'lease']) await lab('stop', 'rs2', process)
    await on('rs2', `ip -6 addr del ${VIP6}/128 dev lo`)
    for (const process of ['lease', 'agent']) await lab('start', 'rs2', process)
    await until(async () => (await on('rs2', 'ip -6 addr show dev lo')).includes(VIP6), 20_000, 'the alias is back')
    // A client that knows nobody yet, and one that asks the realserver itself.
    await attempt(`ip -n client -6 neigh flush dev outside`)
    await on('client', `ping -6 -c 2 -W 3 2001:db8:11::12 && ping -6 -c 2 -W 3 ${VIP6}`)
    await until(async () => (await asked()) === 'rs2', 30_000, 'rs2 serves again')
  }, BOTH)
  // Who is no director, and claims it, is a stranger there.
  demandOneOwner(seen)
  for (const { address, asked: questions, answered } of seen.owners.addresses)
    figure(`${address} asked, answered`, `${questions}, ${answered}`)
  await whole()
})

scenario('what somebody changes of IPv6 is repaired: the service, a weight, the alias, the address', async () => {
  const { from } = await seats()
  await on(from, `ipvsadm -D -t '[${VIP6}]:80'`)
  await until(
    async () => (await on(from, 'ipvsadm -Ln')).includes('[2001:db8:11::11]:80'),
    10_000,
    'the service is back',
  )
  await on(from, `ipvsadm -e -t '[${VIP6}]:80' -r '[2001:db8:11::11]:80' -g -w 7`)
  await until(
    async () => /\[2001:db8:11::11\]:80 +Route +1 /.test(await on(from, 'ipvsadm -Ln')),
    10_000,
    'the weight is as it was',
  )
  await on('rs1', `ip -6 addr del ${VIP6}/128 dev lo`)
  await until(async () => (await on('rs1', 'ip -6 addr show dev lo')).includes(VIP6), 10_000, 'the alias is back')
  await on(from, `ip -6 addr del ${VIP6}/64 dev outside`)
  await until(async () => /rs[12]/.test(await asked()), 15_000, 'served again')
  await whole()
})

scenario('somebody else who has the VIP is named', async () => {
  const isTold = async (): Promise<boolean> =>
    (await status()).troubles.some(({ code, message }) => code === 'address-conflict' && message.includes(VIP6))
  await on('client', `ip -6 addr add ${VIP6}/128 dev outside nodad`)
  try {
    await until(isTold, 20_000, 'the conflict is told')
  } finally {
    await on('client', `ip -6 addr del ${VIP6}/128 dev outside`)
  }
  await until(async () => !(await isTold()), 60_000, 'it is over')
})
