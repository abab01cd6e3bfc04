// lab: topology=tunnels6 long=yes
/** Tunnels over IPv6, IP in IP, GRE and GUE: what passes where, what a client is told of its segments, what comes back. */
import { attempt, demand, figure, lab, on, sh, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { counted, devices, hangsWithoutClamp, type Uploads, uploading } from './tunnelled.ts'
import { demandNoneFailed, demandOneOwner, lasting, seats, watched, whole } from './witness.ts'

const VIP6 = '2001:db8:11::10'
const REALSERVERS = ['rs1', 'rs2'] as const
const REPAIR_MS = 10_000
const remoteOf = (director: string): string => `2001:db8:12::${director.slice(-1)}`
const asked = (): Promise<string> => on('client', `curl -s -m 5 'http://[${VIP6}]/'`).catch(() => '')

async function answering(): Promise<void> {
  for (const node of REALSERVERS) {
    const isAsked = async (): Promise<boolean> => (await asked()) === node
    await until(isAsked, 20_000, `${node} answers over IPv6`)
  }
}

scenario('packets of IPv6 arrive wrapped, and answers go straight to the client', async () => {
  await whole()
  await answering()
  const { from, to } = await seats()
  const table = await on(from, 'ipvsadm -Sn')
  for (const [rs, port, type] of [
    ['11', '80', 'ipip'],
    ['12', '80', 'gre'],
    ['11', '9000', 'gue --tun-port 6080'],
  ])
    demand(table.includes(`-r [2001:db8:12::${rs}]:${port} -i -w 1 --tun-type ${type}`), `${type} of ${rs}: ${table}`)
  const counters = await counted([
    ...REALSERVERS.flatMap((node) => [
      {
        ...{ node, what: 'wrapped' },
        rule: `ip6 nexthdr ${node === 'rs1' ? '{ 41, 60 }' : '{ 47, 60 }'} ip6 saddr ${remoteOf(from)}`,
      },
      { node, what: 'unwrapped', rule: `iifname "lvsm-*" ip6 daddr ${VIP6} tcp dport 80` },
      { node, what: 'bare', rule: `iifname { "inside", "outside" } ip6 daddr ${VIP6}` },
    ]),
    ...[from, to].map((node) => ({ node, what: 'answers', rule: `iifname != "lo" ip6 saddr ${VIP6} tcp sport 80` })),
  ])
  for (let nth = 0; nth < 12; nth++) demand((await asked()) !== '', `request ${nth} is answered`)
  const counts = await counters()
  figure('packets', JSON.stringify(counts))
  for (const node of REALSERVERS) {
    demand((counts[`${node} wrapped`] ?? 0) > 0, `packets came to ${node} wrapped`)
    demand((counts[`${node} unwrapped`] ?? 0) > 0, `they came out of the tunnel of ${node}`)
    demand(counts[`${node} bare`] === 0, `none came to ${node} as the client sent it`)
  }
  for (const node of [from, to]) demand(counts[`${node} answers`] === 0, `no answer passed ${node}`)
})

scenario('an upload passes by GUE and by GRE where no packet-too-big does, and hangs without the clamp', () =>
  uploading(async (uploads: Uploads) => {
    for (const node of REALSERVERS) demand((await uploads.upload(node)) !== null, `the upload to ${node} passes`)
    await hangsWithoutClamp(uploads)
  }, VIP6),
)

scenario('what somebody removes or changes comes back; the devices have no address and ask no router', async () => {
  const theirs = (await devices('rs1')).filter(({ name }) => name.startsWith('lvsm-'))
  demand(theirs.length === 2 && theirs.every(({ kind }) => kind === 'ip6tnl'), JSON.stringify(theirs))
  const [first] = theirs
  const name = first?.name ?? ''
  demand(!(await on('rs1', `ip -6 addr show dev ${name}`)).includes('fe80'), 'no link-local address')
  const stands = async (): Promise<boolean> =>
    (await devices('rs1')).some((one) => one.name === name && one.up && one.remote === first?.remote)
  const takes = async (): Promise<boolean> =>
    (await on('rs1', `sysctl -n net.ipv6.conf.${name}.disable_ipv6`).catch(() => '')) === '0'
  const gue = async (): Promise<boolean> => (await on('rs1', 'ip -6 fou show')).includes('6080')
  const broken: [what: string, isThere: () => Promise<boolean>, how: string][] = [
    ['a device', stands, `ip link del ${name}`],
    ['one that is set down', stands, `ip link set ${name} down`],
    ['its IPv6', takes, `sysctl -qw net.ipv6.conf.${name}.disable_ipv6=1`],
    ['the port of GUE', gue, 'ip fou del port 6080 -6'],
  ]
  for (const [what, isThere, how] of broken) {
    demand(await isThere(), `${what} is there to begin with`)
    await on('rs1', how)
    await until(isThere, REPAIR_MS, `${what} comes back`)
  }
  await answering()
})

scenario('a VIP of IPv6 on tunnel devices stands on each of them and nowhere else, and comes back', async () => {
  const places = async (node: string): Promise<string[]> =>
    (await on(node, `ip -6 -o addr show to ${VIP6}`))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trim())
  const own = (await devices('rs2')).map(({ name }) => name)
  demand(own.length === 2 && own.every((name) => name.startsWith('lvsm-')), own.join())
  const isThere = async (): Promise<boolean> => {
    const all = await places('rs2')
    return all.length === 2 && own.every((name) => all.some((line) => line.includes(` ${name} `)))
  }
  await until(isThere, REPAIR_MS, 'the VIP stands on both')
  for (const line of await places('rs2'))
    demand(line.includes('/128') && line.includes('deprecated'), `a single host, and no source: ${line}`)
  demand(
    (await places('rs1')).every((line) => / lo /.test(line)),
    'that of rs1 stands on lo',
  )
  const [name = ''] = own
  await on('rs2', `ip -6 addr del ${VIP6}/128 dev ${name}`)
  await until(isThere, REPAIR_MS, 'it comes back')
  await on('rs2', `ip link del ${name}`)
  await until(isThere, REPAIR_MS, 'and so it does with its device')
  await attempt(`ip -n client -6 neigh flush dev outside`)
  await answering()
  const { from } = await seats()
  const known = await on('client', `ip -6 neigh show ${VIP6}`)
  const mac = /link\/ether (\S+)/.exec(await on(from, 'ip link show outside'))?.[1] ?? ''
  demand(mac !== '' && known.includes(mac), `the owner alone answers who has it: ${known}, ${from} is ${mac}`)
})

scenario('a link without room for what is wrapped is one trouble of the director', async () => {
  const { from } = await seats()
  const told = async (): Promise<boolean> =>
    (await status()).troubles.some(({ node, code }) => node === from && code === 'tunnel-too-narrow')
  demand(!(await told()), 'not before')
  await on(from, 'ip link set inside mtu 1300')
  try {
    await until(told, REPAIR_MS, 'it is told')
    demand((await asked()) === '', 'and it is true: the kernel drops what it wraps')
  } finally {
    await on(from, 'ip link set inside mtu 1500')
  }
  await until(async () => !(await told()), REPAIR_MS, 'it is over')
  await answering()
})

scenario('after a switchover and a power cut it goes on', async () => {
  const { to } = await seats()
  const seen = await watched(async () => {
    await sh(`lvsm switchover web ${to}`)
    await lasting(2000)
  })
  demandOneOwner(seen)
  demandNoneFailed(seen)
  await answering()
  const { from } = await seats()
  await lab('power-cut', from)
  await answering()
  await lab('heal')
  await whole()
})
