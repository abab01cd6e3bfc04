// lab: topology=tunnels long=yes
/** Realservers by tunnelling, IP in IP and GRE: what a client gets, what passes where, what comes back, and what is left of it. */
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'
import { demand, figure, lab, on, owner, sh, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { addresses, nftTables } from './tables.ts'
import { counted, devices, hangsWithoutClamp, OUTSIDE, remoteOf, type Uploads, uploading } from './tunnelled.ts'
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

const REALSERVERS = ['rs1', 'rs2'] as const
const PROTOCOL = { rs1: 4, rs2: 47 } as const
const REPAIR_MS = 10_000
/** Of the strict kind, everywhere: what comes out of a tunnel passes by the setting of its device alone. */
const STRICT = 'net.ipv4.conf.all.rp_filter=1'
const SILENT = ['arp_ignore', 'arp_announce'] as const

const rejected = async (node: string): Promise<number> =>
  Number(/counter packets (\d+)/.exec(await on(node, 'nft list chain inet lvsm-nat out-of-tunnel'))?.[1] ?? 0)
/** UDP ports on which a node unwraps GUE, as `ip` tells of them. */
const gue = (node: string): Promise<string> => on(node, 'ip fou show')

scenario('packets arrive wrapped, answers go straight to the client, and no realserver answers ARP', async () => {
  for (const node of REALSERVERS) await on(node, `sysctl -qw ${STRICT}`)
  await whole()
  const { from, to } = await seats()
  const remotes = { [from]: remoteOf(from), [to]: remoteOf(to) }
  const counters = await counted([
    ...REALSERVERS.flatMap((node) => [
      { node, what: 'wrapped', rule: `ip protocol ${PROTOCOL[node]} ip saddr ${remotes[from]}` },
      { node, what: 'unwrapped', rule: `iifname "lvsm-*" ip daddr ${VIP} tcp dport 80` },
      { node, what: 'bare', rule: `iifname { "inside", "outside" } ip daddr ${VIP}` },
    ]),
    ...[from, to].map((node) => ({ node, what: 'answers', rule: `iifname != "lo" ip saddr ${VIP} tcp sport 80` })),
  ])
  const seen = await watched(() => lasting(3000))
  const counts = await counters()
  told('requests through tunnels', seen)
  figure('packets', JSON.stringify(counts))
  figure('requests of each', JSON.stringify(seen.http.servers))
  demandOneOwner(seen)
  demandNoneFailed(seen)
  for (const node of REALSERVERS) {
    demand((seen.http.servers[node] ?? 0) > 0, `${node} answered`)
    demand((counts[`${node} wrapped`] ?? 0) > 0, `packets came to ${node} wrapped`)
    demand((counts[`${node} unwrapped`] ?? 0) > 0, `they came out of the tunnel of ${node}`)
    demand(counts[`${node} bare`] === 0, `none came to ${node} as the client sent it`)
  }
  for (const node of [from, to]) demand(counts[`${node} answers`] === 0, `no answer passed ${node}`)
})

scenario('the kernel and its tools tell of it as lvsm does', async () => {
  const { from, to } = await seats()
  for (const node of [from, to]) {
    const table = await on(node, 'ipvsadm -Sn')
    demand(/-r 10\.12\.0\.11:80 -i -w 1 --tun-type ipip/.test(table), `${node} by ipip: ${table}`)
    demand(/-r 10\.12\.0\.11:9000 -i -w 1 --tun-type gue --tun-port 6080/.test(table), `${node} by gue: ${table}`)
    demand(/-r 10\.12\.0\.12:80 -i -w 1 --tun-type gre/.test(table), `${node} by gre: ${table}`)
  }
  const listens = await gue('rs1')
  demand(/port 6080\b.*\bgue/.test(listens), `rs1 unwraps GUE: ${listens}`)
  demand((await gue('rs2')) === '', 'rs2 does not')
  for (const node of REALSERVERS) {
    const theirs = (await devices(node)).map(({ name, kind, remote, note }) => ({ name, kind, remote, note }))
    const socket = inNamespace(node, () => openNetlink(NETLINK.route))
    const ours = socket.dump(rtnetlink.dumpLinks()).flatMap((message) => {
      const link = rtnetlink.decodeLink(message)
      return link.ok && link.value.name.startsWith('lvsm-') && link.value.tunnel
        ? [
            {
              name: link.value.name,
              note: link.value.note,
              kind: link.value.tunnel.kind,
              remote: link.value.tunnel.remote,
            },
          ]
        : []
    })
    socket.close()
    demand(theirs.length === 4, `four devices of ${node}: ${JSON.stringify(theirs)}`)
    const byName = (all: readonly { readonly name: string }[]): string =>
      all
        .map((one) => JSON.stringify(Object.entries(one).toSorted(([a], [b]) => a.localeCompare(b))))
        .toSorted((a, b) => a.localeCompare(b))
        .join()
    demand(byName(ours) === byName(theirs), `${node}: ${JSON.stringify(ours)} is ${JSON.stringify(theirs)}`)
    const alias = (await addresses(node)).find(({ local }) => local === VIP)
    demand(alias?.device === 'lo' && alias.prefix === 32, `the VIP of ${node}: ${JSON.stringify(alias)}`)
    for (const { name } of theirs)
      demand((await on(node, `sysctl -n net.ipv4.conf.${name}.rp_filter`)) === '2', `${name} is loose`)
    for (const key of SILENT)
      demand(Number(await on(node, `sysctl -n net.ipv4.conf.outside.${key}`)) > 0, `${node} is silent: ${key}`)
  }
})

scenario('an upload passes where no ICMP does, and hangs without the clamp', () =>
  uploading(async (uploads: Uploads) => {
    await whole()
    for (let round = 0; round < 2; round++)
      for (const node of REALSERVERS) {
        const took = await uploads.upload(node)
        demand(took !== null, `the upload to ${node} passes`)
        figure(`an upload to ${node}`, `${took.toFixed(0)} ms`)
      }
    await hangsWithoutClamp(uploads)
  }),
)

scenario('a switchover: no request fails', async () => {
  await whole()
  const { group, from, to } = await seats()
  const seen = await watched(async () => {
    await lasting(2000)
    await sh(`lvsm switchover ${group} ${to}`)
    await until(async () => (await owner()) === to, 5000, `${to} owns ${group}`)
    await lasting(2000 + AFTERMATH_MS)
  })
  told(`${from} → ${to}`, seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
})

scenario('what somebody removes or changes comes back', async () => {
  await whole()
  const { from } = await seats()
  const name = `lvsm-i${remoteOf(from)
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')}`
  const there = async (): Promise<boolean> => (await devices('rs1')).some((one) => one.name === name && one.up)
  const loose = async (): Promise<boolean> => (await on('rs1', `sysctl -n net.ipv4.conf.${name}.rp_filter`)) === '2'
  const gre = async (): Promise<boolean> =>
    (await on(from, 'ipvsadm -Sn')).split('\n').filter((line) => line.includes('--tun-type gre')).length === 2
  const comesBack = async (what: string, isThere: () => Promise<boolean>, node: string, command: string) => {
    demand(await isThere(), `${what} is there to begin with`)
    await on(node, command)
    const began = performance.now()
    await until(isThere, REPAIR_MS, `${what} comes back`)
    figure(`${what} back after`, `${(performance.now() - began).toFixed(0)} ms`)
  }
  await comesBack('a tunnel device', async () => (await there()) && (await loose()), 'rs1', `ip link del ${name}`)
  await comesBack('one that is set down', there, 'rs1', `ip link set ${name} down`)
  await comesBack('its rp_filter', loose, 'rs1', `sysctl -qw net.ipv4.conf.${name}.rp_filter=0`)
  await comesBack(
    'another remote end',
    async () => (await devices('rs1')).some((one) => one.name === name && one.remote === remoteOf(from)),
    'rs1',
    `ip tunnel change ${name} mode ipip remote 10.12.0.77`,
  )
  await comesBack(
    'its rules',
    async () => (await nftTables('rs1')).includes('inet lvsm-nat'),
    'rs1',
    'nft delete table inet lvsm-nat',
  )
  await comesBack('the port of GUE', async () => (await gue('rs1')).includes('6080'), 'rs1', 'ip fou del port 6080')
  await comesBack('the type of a tunnel', gre, from, `ipvsadm -e -t ${VIP}:80 -r 10.12.0.12:80 -i -w 1 --tun-type ipip`)
  await served()
})

scenario('what comes out of a tunnel and is not for the VIP goes nowhere; strangers have no tunnel', async () => {
  const { to } = await seats()
  const before = await rejected('rs1')
  // Somebody with a director's address writes an inside address of the realserver into the inner packet.
  await on(to, `ip link add evil type ipip local ${remoteOf(to)} remote 10.12.0.11 && ip link set evil up`)
  await on(to, 'ip addr add 192.0.2.9/32 dev evil && ip route add 192.0.2.77/32 dev evil')
  await on('rs1', 'ip addr add 192.0.2.77/32 dev lo')
  await on('client', `ip link add evil type ipip local 10.11.0.100 remote ${OUTSIDE.rs1} && ip link set evil up`)
  await on('client', 'ip route add 192.0.2.77/32 dev evil')
  const counters = await counted([
    { node: 'rs1', what: 'outer', rule: 'ip protocol 4 ip saddr 10.11.0.100' },
    { node: 'rs1', what: 'inner', rule: 'iifname "lvsm-*" ip saddr 10.11.0.100 ip daddr 192.0.2.77' },
  ])
  try {
    await on(to, 'ping -c 3 -i 0.2 -W 1 -I 192.0.2.9 192.0.2.77 || true')
    await on('client', 'ping -c 3 -i 0.2 -W 1 192.0.2.77 || true')
    const after = await rejected('rs1')
    figure('dropped behind a tunnel', after - before)
    demand(after - before >= 3, `counted ${before}, then ${after}`)
    const counts = await counters()
    figure('of a stranger', JSON.stringify(counts))
    demand(
      (counts['rs1 outer'] ?? 0) > 0 && counts['rs1 inner'] === 0,
      'a stranger’s packets arrive, and come out of nothing',
    )
  } finally {
    await on(to, 'ip link del evil')
    await on('client', 'ip link del evil')
    await on('rs1', 'ip addr del 192.0.2.77/32 dev lo')
  }
})

scenario('a tunnel device of somebody else is one trouble; nothing else moves, and it stays', async () => {
  await whole()
  const { to } = await seats()
  const before = await devices('rs1')
  const troubles = async (): Promise<string[]> =>
    // That somebody changed one device again and again, above, is told for a while.
    (await status()).troubles
      .filter(({ node, code }) => node === 'rs1' && code !== 'fought-over')
      .map(({ code }) => code)
  await on('rs1', `ip link add office type ipip local 10.12.0.11 remote ${remoteOf(to)}`)
  try {
    await until(async () => (await troubles()).join() === 'foreign-tunnel', REPAIR_MS, 'one trouble')
    const own = (all: typeof before): string => JSON.stringify(all.filter(({ name }) => name !== 'office'))
    demand(own(await devices('rs1')) === own(before), 'our devices are as before')
    await served()
  } finally {
    await on('rs1', 'ip link del office')
  }
  await until(async () => (await troubles()).length === 0, REPAIR_MS, 'it is over')
})

scenario('a realserver that starts anew is silent for the VIP all the time', async () => {
  const seen = await watched(async () => {
    await lab('stop', 'rs1', 'agent')
    for (const { name } of await devices('rs1')) await on('rs1', `ip link del ${name}`)
    await on('rs1', `ip addr del ${VIP}/32 dev lo && nft delete table inet lvsm-nat`)
    for (const place of ['all', 'lo', 'outside'])
      for (const key of SILENT) await on('rs1', `sysctl -qw net.ipv4.conf.${place}.${key}=0`)
    await lab('start', 'rs1', 'agent')
    await until(async () => (await devices('rs1')).length === 4, 30_000, 'its tunnels stand')
    await lasting(AFTERMATH_MS)
  })
  demandOneOwner(seen)
  await whole()
})

scenario('a node that leaves the service is as it was before, and comes back with it', async () => {
  await whole()
  const foreign = 'ip link add keep type ipip local 10.12.0.11 remote 10.12.0.99'
  await on('rs1', foreign)
  const undo = await rewrite((text) =>
    text
      .replaceAll(/ {6}- node: rs1\n {8}address: 10\.12\.0\.11\n(?: {8}.*\n)+/g, '')
      .replace('revision: 1', 'revision: 2'),
  )
  try {
    await until(
      async () => (await devices('rs1')).map(({ name }) => name).join() === 'keep',
      REPAIR_MS,
      'no device of ours',
    )
    await until(async () => !(await nftTables('rs1')).includes('inet lvsm-nat'), REPAIR_MS, 'no rules of ours')
    await until(async () => !(await addresses('rs1')).some(({ local }) => local === VIP), REPAIR_MS, 'no VIP')
    for (const place of ['all', 'lo', 'outside'])
      for (const key of SILENT)
        await until(
          async () => (await on('rs1', `sysctl -n net.ipv4.conf.${place}.${key}`)) === '0',
          REPAIR_MS,
          `${key} of ${place} as it was`,
        )
    demand((await gue('rs1')) === '', 'no port of GUE')
    demand((await devices('rs2')).length === 4, 'rs2 goes on')
    await served()
  } finally {
    await undo()
    await on('rs1', 'ip link del keep')
  }
  await until(async () => (await devices('rs1')).length === 4, REPAIR_MS, 'its tunnels stand again')
  await whole()
  const seen = await watched(() => lasting(1000))
  demandNoneFailed(seen)
})
