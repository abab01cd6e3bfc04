// lab: topology=placements long=yes
/** VIPs of realservers beside lo: who answers ARP, what clients get, what comes back, and what is left of it. Judged by ip. */
import { demand, figure, lab, on, owner, sh, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { type Address, addresses } from './tables.ts'
import { devices } from './tunnelled.ts'
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

const VIP6 = '2001:db8:11::10'
const DUMMY = 'lvsm-vips'
const REALSERVERS = ['rs1', 'rs2', 'rs3'] as const
const REPAIR_MS = 10_000
const SILENT = ['arp_ignore', 'arp_announce'] as const

const vips = async (node: string): Promise<Address[]> => (await addresses(node)).filter(({ local }) => local === VIP)
const localRoutes = (node: string, family: '-4' | '-6'): Promise<string> =>
  on(node, `ip ${family} route show table local proto 76`)
const hasDummy = async (node: string): Promise<boolean> => (await on(node, 'ip -o link show')).includes(`${DUMMY}:`)
const six = (node: string, device: string): Promise<string> => on(node, `ip -6 -o addr show dev ${device}`)
const onDummy = async (): Promise<boolean> =>
  (await hasDummy('rs1')) &&
  (await vips('rs1')).some(({ device }) => device === DUMMY) &&
  (await six('rs1', DUMMY)).includes(VIP6)
const asRoute = async (): Promise<boolean> =>
  (await localRoutes('rs2', '-4')).includes(`local ${VIP} dev lo`) &&
  (await localRoutes('rs2', '-6')).includes(`local ${VIP6} dev lo`)
const onTunnels = async (): Promise<boolean> => {
  const names = (await devices('rs3')).map(({ name }) => name).toSorted()
  return (
    names.length === 4 &&
    (await vips('rs3'))
      .map(({ device }) => device)
      .toSorted()
      .join() === names.join()
  )
}
const settled = (): Promise<unknown> =>
  until(
    async () => (await onDummy()) && (await asRoute()) && (await onTunnels()),
    30_000,
    'each VIP stands in its place',
  )

scenario('each realserver has the VIP where it shall be and nowhere else, serves, and none answers ARP', async () => {
  await whole()
  await settled()
  demand(
    (await vips('rs1')).every(({ prefix, label }) => prefix === 32 && label === `${DUMMY}:lvsm`),
    'marked, and a single host',
  )
  demand((await vips('rs1')).length === 1, 'on the dummy device alone')
  demand(
    /deprecated/.test(await six('rs1', DUMMY)) && !/fe80/.test(await six('rs1', DUMMY)),
    `no source: ${await six('rs1', DUMMY)}`,
  )
  demand((await vips('rs2')).length === 0 && !(await on('rs2', 'ip -6 addr show')).includes(VIP6), 'no address of rs2')
  const seen = await watched(() => lasting(4000))
  told('requests', seen)
  figure('requests of each', JSON.stringify(seen.http.servers))
  demandOneOwner(seen)
  demandNoneFailed(seen)
  for (const node of REALSERVERS) demand((seen.http.servers[node] ?? 0) > 0, `${node} answered`)
  for (let request = 0; request < 4; request++)
    demand(
      (await on('client', `curl -sg -m 3 -o /dev/null -w '%{http_code}' 'http://[${VIP6}]/'`)) === '200',
      'IPv6 is served',
    )
  const said = await sh('lvsm status')
  for (const words of [`alias on ${DUMMY}`, 'local route', 'alias on its tunnel devices'])
    demand(said.includes(words), `lvsm status says "${words}": ${said}`)
})

scenario('what somebody removes or changes comes back', async () => {
  await whole()
  await settled()
  const comesBack = async (what: string, isThere: () => Promise<boolean>, node: string, command: string) => {
    await on(node, command)
    const began = performance.now()
    await until(isThere, REPAIR_MS, `${what} comes back`)
    figure(`${what} back after`, `${(performance.now() - began).toFixed(0)} ms`)
  }
  const isUp = async (): Promise<boolean> =>
    (await onDummy()) && /[<,]UP[,>]/.test(await on('rs1', `ip link show ${DUMMY}`))
  await comesBack('an alias on the dummy device', onDummy, 'rs1', `ip addr del ${VIP}/32 dev ${DUMMY}`)
  await comesBack('the dummy device', onDummy, 'rs1', `ip link del ${DUMMY}`)
  await comesBack('one that is set down', isUp, 'rs1', `ip link set ${DUMMY} down`)
  await comesBack('a local route', asRoute, 'rs2', `ip route del local ${VIP} dev lo table local proto 76`)
  await comesBack('one of IPv6', asRoute, 'rs2', `ip -6 route del local ${VIP6} dev lo table local proto 76`)
  const [name = ''] = (await devices('rs3')).map((one) => one.name)
  await comesBack('an alias on a tunnel device', onTunnels, 'rs3', `ip addr del ${VIP}/32 dev ${name}`)
  await comesBack('a tunnel device with its alias', onTunnels, 'rs3', `ip link del ${name}`)
  await served()
})

scenario('a realserver that starts anew is silent for the VIP all the time', async () => {
  const seen = await watched(async () => {
    await lab('stop', 'rs1', 'agent')
    await on('rs1', `ip link del ${DUMMY}`)
    for (const place of ['all', 'lo', 'outside'])
      for (const key of SILENT) await on('rs1', `sysctl -qw net.ipv4.conf.${place}.${key}=0`)
    await lab('start', 'rs1', 'agent')
    await until(onDummy, 30_000, 'the VIP stands')
    await lasting(AFTERMATH_MS)
  })
  demandOneOwner(seen)
  await whole()
})

scenario(
  'a VIP goes to another place, and a group to another director: no request fails, and nobody answers ARP',
  async () => {
    await whole()
    const { group, to } = await seats()
    let undo: (() => Promise<void>) | undefined
    const seen = await watched(async () => {
      await lasting(1000)
      undo = await rewrite((text) =>
        text.replaceAll('placement: dummy', 'placement: lo').replace('revision: 1', 'revision: 2'),
      )
      await until(
        async () => !(await hasDummy('rs1')) && (await vips('rs1')).map(({ device }) => device).join() === 'lo',
        REPAIR_MS,
        'the VIP stands on lo',
      )
      await undo()
      undo = undefined
      await until(
        async () => (await onDummy()) && (await vips('rs1')).length === 1,
        REPAIR_MS,
        'and on its device again',
      )
      await sh(`lvsm switchover ${group} ${to}`)
      await until(async () => (await owner()) === to, 5000, `${to} owns ${group}`)
      await lasting(AFTERMATH_MS)
    })
    await undo?.()
    told('another place', seen)
    demandOneOwner(seen)
    demandNoneFailed(seen)
  },
)

scenario('the VIP of a stranger’s making on an interface is one trouble, and stays', async () => {
  await whole()
  const codes = async (): Promise<string> =>
    (await status()).troubles
      .filter(({ node, code }) => node === 'rs2' && code !== 'fought-over')
      .map(({ code }) => code)
      .join()
  await on('rs2', `ip addr add ${VIP}/32 dev inside`)
  try {
    await until(async () => (await codes()) === 'vip-answers', REPAIR_MS, 'one trouble')
    demand((await vips('rs2')).map(({ device }) => device).join() === 'inside', 'it stays')
  } finally {
    await on('rs2', `ip addr del ${VIP}/32 dev inside`)
  }
  await until(async () => (await codes()) === '', REPAIR_MS, 'it is over')
  demand(await asRoute(), 'the local route stands all the same')
})

/** Without a realserver, in each service. */
const without = (text: string, node: string): string =>
  text.replaceAll(new RegExp(` {6}- node: ${node}\\n(?: {8}.*\\n)+`, 'g'), '').replace('revision: 1', 'revision: 2')

scenario('a node that leaves the services is as it was before', async () => {
  await whole()
  const silence = (node: string, place: string, key: string): Promise<string> =>
    on(node, `sysctl -n net.ipv4.conf.${place}.${key}`)
  const isAsBefore = async (node: string): Promise<boolean> => {
    const left = [
      await localRoutes(node, '-4'),
      await localRoutes(node, '-6'),
      ...(await vips(node)).map(({ local }) => local),
    ]
    if (left.join('') !== '' || (await hasDummy(node)) || (await devices(node)).length > 0) return false
    for (const place of ['all', 'lo', 'outside'])
      for (const key of SILENT) if ((await silence(node, place, key)) !== '0') return false
    return !(await on(node, 'ip -6 addr show')).includes(VIP6)
  }
  for (const node of ['rs3', 'rs2', 'rs1']) {
    demand(!(await isAsBefore(node)), `${node} has something to give back`)
    const undo = await rewrite((text) => without(text, node))
    try {
      await until(() => isAsBefore(node), REPAIR_MS, `${node} is as it was`)
      await served()
    } finally {
      await undo()
    }
    await settled()
  }
  await whole()
  const seen = await watched(() => lasting(1000))
  demandOneOwner(seen)
  demandNoneFailed(seen)
})
