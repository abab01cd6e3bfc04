// lab: long=yes
/**
 * What services can be beside a port of TCP, with real clients and servers: datagrams, persistence, thresholds, backups, several
 * ports by mark; what somebody changes is put back; and what is no service is the owner's.
 */
import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { connections, datagrams, serves } from './echo.ts'
import { demand, figure, lab, NODES, on, owner, sh, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { seats } from './witness.ts'

const SERVERS = ['rs1', 'rs2', 'rs3'] as const
const RIPS = { rs1: '10.11.0.11', rs2: '10.11.0.12', rs3: '10.12.0.13' } as const
/** A VIP of its own, of which all ports are one service but for those that others have. */
const WHOLE = '10.11.0.20'
const UDP = { onePacket: 7000, sticky: 7001 } as const
const TCP = {
  persistent: 7002,
  limited: 7003,
  kept: 7005,
  marked: [7006, 7007],
  whole: 7008,
  apart: 7009,
  none: 7010,
} as const
const LONG_MS = 20_000

const dr = (node: 'rs1' | 'rs2', more: object = {}) => ({ node, address: RIPS[node], forward: 'dr', ...more })
/** Nothing here is about how soon somebody is out: an emulated realserver that is late stays in. */
const CHECK = { interval: '1s', timeout: '1s', fall: 3, rise: 1 }
const service = (name: string, more: object) => ({
  ...{ name, group: 'web', address: VIP, protocol: 'tcp', scheduler: 'rr', check: { type: 'tcp', ...CHECK } },
  realservers: [dr('rs1'), dr('rs2')],
  ...more,
})
const udp = { protocol: 'udp', check: { type: 'udp', ...CHECK } }
const SERVICES = [
  service('packets', { port: UDP.onePacket, ...udp, 'one-packet': true }),
  service('sticky', { port: UDP.sticky, ...udp }),
  service('persistent', { port: TCP.persistent, persistence: '5m', 'persistence-netmask': 24 }),
  service('limited', {
    port: TCP.limited,
    scheduler: 'wrr',
    realservers: [dr('rs1', { weight: 1000, 'upper-threshold': 2, 'lower-threshold': 1 }), dr('rs2', { weight: 1 })],
  }),
  service('missing', { port: 7004, scheduler: 'twos' }),
  service('kept', {
    port: TCP.kept,
    realservers: [dr('rs1'), { node: 'rs3', address: RIPS.rs3, forward: 'nat', backup: true }],
  }),
  service('marked', { ports: [...TCP.marked, '7100-7200'], persistence: '5m' }),
  service('whole', {
    address: WHOLE,
    ports: ['all'],
    protocol: 'tcp+udp',
    check: { type: 'tcp', port: TCP.whole, ...CHECK },
    realservers: [dr('rs1')],
  }),
  service('apart', { address: WHOLE, port: TCP.apart, realservers: [dr('rs2')] }),
]

interface Written {
  revision: number
  groups: { vips: string[] }[]
  services: object[]
  [key: string]: unknown
}
const withServices = (text: string): string => {
  const file = parse(text) as Written
  file.groups[0]?.vips.push(`${WHOLE}/24`)
  file.services.push(...SERVICES)
  return stringify({ ...file, revision: file.revision + 1, 'udp-timeout': '40s', 'tcp-timeout': '800s' })
}

/** Directors’ tables as `ipvsadm` saves them, with what it leaves out. */
async function saved(node: string): Promise<string> {
  const lines = (await on(node, 'ipvsadm -Sn')).split('\n').map((line) => line.trim())
  const limits = (await on(node, 'ipvsadm -Ln --thresholds')).split('\n').map((line) => line.trim().split(/\s+/))
  const limited = limits.filter(([arrow, , upper]) => arrow === '->' && Number(upper) > 0)
  const rows = limited.map((words) => words.slice(0, 4).join(' '))
  return [...lines, ...rows, await on(node, 'ipvsadm -Ln --timeout')].toSorted().join('\n')
}
const back = (node: string, before: string, what: string): Promise<unknown> =>
  until(
    async () => {
      const now = await saved(node)
      demand(now === before, `${what}:\n${now}\ninstead of\n${before}`)
      return true
    },
    LONG_MS,
    what,
  )
const servedBy = (heard: readonly string[]): string[] => [...new Set(heard)].toSorted()

let undo = async (): Promise<void> => undefined
const running = new Map<string, () => void>()
async function serve(node: (typeof SERVERS)[number]): Promise<void> {
  const tcp = [TCP.persistent, TCP.limited, TCP.kept, ...TCP.marked, TCP.whole, TCP.apart, 7004, 7150]
  const own = node === 'rs3' ? [] : [VIP, RIPS[node], ...(node === 'rs1' ? [WHOLE] : [])]
  // A second try finds those of the first.
  running.get(node)?.()
  running.set(node, await serves(node, { tcp, udp: [...Object.values(UDP), TCP.whole], addresses: own }))
}

scenario('services of all kinds are set up; one whose scheduler is missing is the only trouble', async () => {
  undo = await rewrite(withServices)
  // Voters that have other addresses of a group lend no votes for it: for a moment nobody may own it, then either director.
  const serving = (): Promise<string> =>
    until(async () => (await status()).revision > 1 && (await owner()), LONG_MS, 'somebody owns the group')
  await serving()
  await until(
    async () => (await on('rs1', 'ip -4 addr show dev lo')).includes(WHOLE),
    LONG_MS,
    'rs1 has the second VIP',
  )
  for (const node of SERVERS) await serve(node)
  const all = async (): Promise<boolean> => {
    const { services } = await status(await serving())
    const out = services
      .filter(({ name }) => name !== 'missing')
      .flatMap((one) =>
        one.realservers
          .filter(({ healthy }) => healthy !== true)
          .map(({ node, reason }) => `${one.name} ${node}: ${reason}`),
      )
    demand(services.length === SERVICES.length + 1 && out.length === 0, out.join('; '))
    return true
  }
  await until(all, 2 * LONG_MS, 'every realserver is healthy')
  const from = await serving()
  const { troubles } = await status(from)
  const own = troubles.filter(({ node, code }) => node === from && /refused|missing/.test(code))
  figure('troubles of the owner', JSON.stringify(own.map(({ code, object, message }) => [code, object, message])))
  const missing = await on(from, 'ipvsadm -Ln').then((text) => !text.includes(`${VIP}:7004`))
  demand(
    !missing || (own.length === 1 && own[0]?.code === 'module-missing' && own[0].object === 'service missing'),
    'one trouble',
  )
})

scenario('datagrams: one by one they are spread, without it a client stays', async () => {
  const spread = await datagrams(VIP, UDP.onePacket, 20)
  demand(spread.length === 20 && servedBy(spread).length === 2, `one packet: ${spread.join(' ')}`)
  const stays = await datagrams(VIP, UDP.sticky, 20)
  demand(stays.length === 20 && servedBy(stays).length === 1, `sticky: ${stays.join(' ')}`)
})

scenario('persistence: a client comes to the same realserver, by a template, on one port and on several', async () => {
  const one = await connections(VIP, [TCP.persistent], 8)
  demand(one.length === 8 && servedBy(one).length === 1, one.join(' '))
  const several = await connections(VIP, [...TCP.marked, 7150], 9)
  demand(several.length === 9 && servedBy(several).length === 1, several.join(' '))
  const from = (await owner()) ?? ''
  const entries = await on(from, 'ipvsadm -Lnc')
  demand(
    new RegExp(`10\\.11\\.0\\.0:0 +${VIP.replaceAll('.', '\\.')}:${TCP.persistent}`).test(entries),
    `a template of the network: ${entries}`,
  )
  figure(
    'templates',
    entries
      .split('\n')
      .filter((line) => / 10\.11\.0\.(0|100):0 /.test(line))
      .join(' | '),
  )
})

scenario('thresholds: who has two connections gets no third', async () => {
  // By weight, a thousand go to rs1 for each that goes to rs2, whichever comes first.
  const heard = await connections(VIP, [TCP.limited], 4, true)
  demand(heard.toSorted().join(' ') === 'rs1 rs1 rs2 rs2', heard.join(' '))
})

scenario('a backup serves when nobody else does, and leaves again', async () => {
  const from = (await owner()) ?? ''
  const takes = async (): Promise<string[]> => servedBy(await connections(VIP, [TCP.kept], 3))
  demand((await takes()).join() === 'rs1', `by ${(await takes()).join()}`)
  running.get('rs1')?.()
  await until(async () => (await takes()).join() === 'rs3', LONG_MS, 'the backup serves')
  const told = await status(from)
  const row = told.services.find(({ name }) => name === 'kept')?.realservers
  demand(
    row?.some(({ node, backup, weight }) => node === 'rs3' && backup === true && weight > 0),
    JSON.stringify(row),
  )
  demand(
    told.troubles.some(({ code, object }) => code === 'backup-serves' && object === 'service kept'),
    'the status says so',
  )
  figure('explained', (await sh('lvsm explain kept')).split('\n')[0] ?? '')
  await serve('rs1')
  await until(async () => (await takes()).join() === 'rs1', LONG_MS, 'the realserver serves again')
  await until(
    async () => !(await on(from, 'ipvsadm -Ln')).includes(`${RIPS.rs3}:${TCP.kept}`),
    LONG_MS,
    'the backup is out of the table',
  )
})

scenario('all ports of a VIP are one service, also of UDP, but for what others have', async () => {
  demand(servedBy(await connections(WHOLE, [TCP.whole, 7150], 4)).join() === 'rs1', 'TCP')
  demand(servedBy(await datagrams(WHOLE, TCP.whole, 4)).join() === 'rs1', 'UDP')
  demand(servedBy(await connections(WHOLE, [TCP.apart], 4)).join() === 'rs2', 'a port of another service')
})

scenario('what somebody changes is put back', async () => {
  const from = (await owner()) ?? ''
  const before = await saved(from)
  figure('table', before.replaceAll('\n', ' | '))
  const [, mark = ''] = /-A -f (\d+) -s rr -p 300/.exec(before) ?? []
  demand(mark !== '', 'a service by mark')
  for (const [what, line] of [
    ['one packet', `ipvsadm -E -u ${VIP}:${UDP.onePacket} -s rr`],
    ['persistence', `ipvsadm -E -t ${VIP}:${TCP.persistent} -s rr`],
    ['its netmask', `ipvsadm -E -t ${VIP}:${TCP.persistent} -s rr -p 300`],
    ['a threshold', `ipvsadm -e -t ${VIP}:${TCP.limited} -r ${RIPS.rs1} -g -w 1000 -x 9 -y 1`],
    ['timeouts', 'ipvsadm --set 900 0 300'],
    ['a service by mark', `ipvsadm -D -f ${mark}`],
  ] as const) {
    // It would be put back sooner than seen.
    await lab('freeze', from, 'agent')
    try {
      await on(from, line)
      demand((await saved(from)) !== before, `${what} was changed`)
    } finally {
      await lab('thaw', from, 'agent')
    }
    await back(from, before, `${what} is put back`)
  }
  const rules = (): Promise<string> => on(from, 'nft list chain inet lvsm-nat marks')
  const marks = (text: string): number => (text.match(/meta mark set/g) ?? []).length
  const count = marks(await rules())
  await on(from, 'nft flush chain inet lvsm-nat marks')
  await until(async () => marks(await rules()) === count, LONG_MS, 'the marks are put back')
  demand(servedBy(await connections(VIP, [...TCP.marked], 2)).length === 1, 'and it serves')
})

scenario('both directors have the same table, before a switchover and after it', async () => {
  const { group, from, to } = await seats()
  const same = (): Promise<unknown> =>
    until(
      async () => {
        const [one, other] = [await saved(from), await saved(to)]
        demand(one === other, `${from}:\n${one}\n${to}:\n${other}`)
        return true
      },
      LONG_MS,
      'the tables are equal',
    )
  await same()
  await sh(`lvsm switchover ${group} ${to}`)
  await until(async () => (await owner()) === to, LONG_MS, `${to} owns ${group}`)
  await same()
  const spread = await datagrams(VIP, UDP.onePacket, 20)
  demand(servedBy(spread).length === 2, `by ${to}: ${spread.join(' ')}`)
  const several = await connections(VIP, [...TCP.marked], 6)
  demand(several.length === 6 && servedBy(several).length === 1, `by ${to}: ${several.join(' ')}`)
})

scenario('what is no service on a VIP is delivered to the owner', async () => {
  const from = (await owner()) ?? ''
  const stop = await serves(from, { tcp: [22], udp: [], addresses: [] })
  try {
    const heard = await connections(VIP, [22], 2)
    demand(heard.join(' ') === `${from} ${from}`, heard.join(' '))
    const refused = await connections(VIP, [TCP.none], 1)
    demand(refused.join() === 'ECONNREFUSED', `a port on which nobody listens: ${refused.join()}`)
  } finally {
    stop()
  }
})

scenario('when the services go, nothing of them stays', async () => {
  for (const stop of running.values()) stop()
  await undo()
  const clean = async (): Promise<boolean> => {
    for (const node of ['dir1', 'dir2']) {
      const table = await on(node, 'ipvsadm -Sn')
      demand((table.match(/^-A/gm) ?? []).length === 1, `${node}: ${table}`)
    }
    return true
  }
  await until(clean, LONG_MS, 'the directors have their first service alone')
  demand(!readFileSync(`/etc/lvsm/${NODES[1]}.yaml`, 'utf8').includes('whole'), 'the files are as they were')
  await lab('heal')
})
