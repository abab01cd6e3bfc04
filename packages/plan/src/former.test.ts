import { expect, it } from 'vitest'
import { apply, kernel, planInput, view } from './fixture.ts'
import {
  audit,
  desired,
  diff,
  formerSettings,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  ownsServices,
  readRecord,
  rememberSettings,
  writeRecord,
} from './index.ts'

/** One look after the other until nothing is left to do, with the record written and read again after each. */
function settle(now: Observed, of = view('rs1'), record: OwnedRecord = NOTHING_OWNED) {
  const done: Operation[] = []
  for (let look = 0; look < 5; look++) {
    const wanted = desired(planInput('rs1', { view: of }), now)
    const plan = diff(now, wanted, record)
    expect(audit(plan, { observed: now, owned: record, held: new Set() })).toEqual([])
    record = readRecord(writeRecord(rememberSettings(record, now, wanted, plan)))
    if (plan.length === 0) break
    done.push(...plan)
    now = plan.reduce(apply, now)
  }
  return { now, record, done }
}
const nothing = { ...view('rs1'), answersFor: [], serves: [], tunnels: [], tunnelled: [], tunnelPorts: [] }
const settings = (now: Observed): Record<string, string | null> => Object.fromEntries(now.sysctls)

it('settings are as they were when a realserver has left its services, and its addresses go before', () => {
  const before = kernel()
  const served = settle(before)
  expect(formerSettings(served.record)).toHaveLength(6)
  expect(ownsServices(served.record), 'no entry of IPVS').toBe(false)
  const left = settle(served.now, nothing, served.record)
  expect(left.done.at(0)?.kind).toBe('nat-rules')
  expect(left.done.at(1)?.kind).toBe('alias-remove')
  expect(left.done.slice(2).map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'sysctl'))
  expect(settings(left.now)).toEqual(settings(before))
  expect(writeRecord(left.record)).toBe('')
})

it('what somebody else wrote meanwhile stays', () => {
  const served = settle(kernel())
  const path = 'net/ipv4/conf/outside/arp_ignore'
  const changed = { ...served.now, sysctls: new Map([...served.now.sysctls, [path, '2']]) }
  const left = settle(changed, nothing, served.record)
  expect(settings(left.now)[path]).toBe('2')
  expect(writeRecord(left.record)).toBe('')
})

it('the last value that was not ours is the former one', () => {
  const served = settle(kernel())
  const path = 'net/ipv4/conf/outside/arp_announce'
  const again = settle(
    { ...served.now, sysctls: new Map([...served.now.sysctls, [path, '1']]) },
    view('rs1'),
    served.record,
  )
  expect(settings(again.now)[path]).toBe('2')
  expect(settings(settle(again.now, nothing, again.record).now)[path]).toBe('1')
})

it('forwarding stays on: others rely on it by then', () => {
  const director = view('dir1')
  const started = settle(kernel(), director)
  expect(started.now.sysctls.get('net/ipv4/ip_forward')).toBe('1')
  const left = settle(started.now, { ...director, directs: [], services: [] }, started.record)
  expect(left.now.sysctls.get('net/ipv4/ip_forward')).toBe('1')
  expect(left.now.sysctls.get('net/ipv4/conf/all/send_redirects')).toBe('1')
})

it('a node never answers ARP again while an alias stands', () => {
  const { now } = settle(kernel())
  const loud: Operation = { kind: 'sysctl', path: 'net/ipv4/conf/all/arp_ignore', value: '0', was: '1', why: '' }
  expect(audit([loud], { observed: now, owned: new Map(), held: new Set() })).toEqual([
    'net/ipv4/conf/all/arp_ignore 0 while 10.11.0.10 stands here',
  ])
})

it('an interface that came meanwhile gets what new ones had before us; one that was silent already stays so', () => {
  const director = view('dir1')
  const leaves = { ...director, directs: [], services: [] }
  const of = (name: string): string => `net/ipv4/conf/${name}/send_redirects`
  const before = kernel()
  before.links.forEach(({ name }) => expect(name).toMatch(/lo|inside|outside/))
  const silent = { ...before, sysctls: new Map([...before.sysctls, [of('inside'), '0'] as const]) }
  const started = settle(silent, director)
  const links = [...started.now.links, { index: 9, name: 'later', loopback: false, up: true }]
  const more = settle(
    { ...started.now, links, sysctls: new Map([...started.now.sysctls, [of('later'), '0'] as const]) },
    director,
    started.record,
  )
  const left = settle(more.now, leaves, more.record)
  expect(['default', 'later', 'outside', 'inside'].map((name) => left.now.sysctls.get(of(name)))).toEqual([
    ...['1', '1', '1', '0'],
  ])
})

it('what the kernel makes of connections is as it was when a director has left', () => {
  const sample = view('dir1')
  const [http] = sample.services
  if (!http) return expect.unreachable()
  const asked = {
    ...http,
    scheduler: 'mh' as const,
    realservers: http.realservers.map((one) => ({ ...one, forward: 'fullnat' as const })),
  }
  const of = (tcp: number | null) => ({
    ...{ ...sample, sync: null, services: [asked], ipvsTimeouts: { ...sample.ipvsTimeouts, tcp } },
  })
  const established = 'net/netfilter/nf_conntrack_tcp_timeout_established'
  const OURS = { 'net/ipv4/vs/run_estimation': '0', 'net/ipv4/vs/sloppy_tcp': '0', [established]: '300' }
  const before = { ...kernel(), sysctls: new Map([...kernel().sysctls, ...Object.entries(OURS)]) }
  const values = ({ sysctls }: Observed) => Object.keys(OURS).map((path) => sysctls.get(path))
  const started = settle(before, of(null))
  expect(values(started.now)).toEqual(['1', '1', '900'])
  const longer = settle(started.now, of(1800), started.record)
  expect(values(longer.now)).toEqual(['1', '1', '1800'])
  const shorter = settle(longer.now, of(60), longer.record)
  expect(values(shorter.now), 'a longer time costs nothing').toEqual(['1', '1', '1800'])
  const left = settle(shorter.now, { ...sample, directs: [], services: [], sync: null }, shorter.record)
  expect(values(left.now)).toEqual(['0', '0', '300'])
})

it('what a later version wrote stays, for that one to give back, and holds up nothing', () => {
  const path = 'net/ipv4/tcp_later'
  const record = readRecord(`sysctl ${path}\twas 0\twrote 1`)
  const served = settle(kernel())
  const now = { ...served.now, sysctls: new Map([...served.now.sysctls, [path, '1'] as const]) }
  const left = settle(now, nothing, new Map([...served.record, ...record]))
  expect(left.now.sysctls.get(path)).toBe('1')
  expect(settings(left.now)['net/ipv4/conf/all/arp_ignore']).toBe('0')
  expect(writeRecord(left.record)).toBe(writeRecord(record))
})

it('a version that does not know them skips the lines, and one that does takes no other for one', () => {
  expect(
    formerSettings(readRecord('sysctl net/x\twas 0\twrote 1\nsysctl net/y\twas 0\nnonsense\twas 0\twrote 1')),
  ).toEqual(['net/x'])
})
