/** Checks through IPVS: whose turn it is, what the kernel has then, and what happens where that cannot be. */
import { checkMarkOf, isMark, SAMPLE } from '@lvsm/model'
import { isForChecks } from '@lvsm/plan'
import { expect, it } from 'vitest'
import { node, statusOf } from '../fixture.ts'

const TEXT = SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, '').replace('type: tcp', 'type: tcp, via: vip')
const VIP = '10.11.0.10'
const MARK = checkMarkOf('http')

/** `lost`: addresses of realservers without their alias. */
function director(lost: ReadonlySet<string> = new Set(), text = TEXT) {
  const one = node('dir1', undefined, text)
  one.silentChecks = true
  const asked: { id: string; address: string; port: number; source: string | null; dests: string[] }[] = []
  const entry = () => one.kern.state.services.find((service) => isMark(service) && service.fwmark === MARK)
  let owner: string | null = null
  const own = (name: string) => {
    owner = name
    const others = one.kern.state.addresses.filter(({ address }) => address !== VIP)
    const held = { index: 3, address: VIP, prefix: 24, label: 'outside:lvsm' }
    one.kern.state.addresses = name === 'dir1' ? [...others, held] : others
    one.feed({ kind: 'lease-status', status: statusOf('dir1', owner) })
  }
  one.feed({ kind: 'lease-up' })
  own('dir1')
  const answer = ({ id, address, port, source }: Omit<(typeof asked)[number], 'dests'>) => {
    const dests = (entry()?.dests ?? []).filter(({ weight }) => weight > 0).map((dest) => dest.address)
    asked.push({ id, address, port, source, dests })
    const ok = address === VIP ? dests.every((dest) => !lost.has(dest)) : true
    one.feed({ kind: 'checked', id, ok, reason: ok ? 'connected' : 'no answer' })
  }
  const go = (ms: number) => {
    for (let left = ms; left > 0; left -= 10) {
      if (left % 500 === 0) one.feed({ kind: 'lease-status', status: statusOf('dir1', owner) })
      one.run(10)
      for (const effect of one.take('check')) answer(effect)
    }
  }
  const told = () => one.core.checks(one.now()).checks
  const codes = () => one.core.status(one.now()).troubles.flatMap(({ code }) => (code.startsWith('via-') ? [code] : []))
  const through = () => asked.filter(({ address }) => address === VIP)
  return Object.assign(one, { go, own, asked, through, entry, told, codes })
}

it('the owner asks the VIP from its own address, while the one whose turn it is takes connections alone', () => {
  const one = director()
  one.go(5000)
  expect(one.through().length).toBeGreaterThan(8)
  for (const { id, source, dests } of one.through()) expect([source, dests]).toEqual(['10.11.0.1', [id.split(' ')[0]]])
  expect(new Set(one.through().flatMap(({ dests }) => dests))).toEqual(new Set(['10.11.0.11', '10.11.0.12']))
  expect(one.told().map(({ healthy, way }) => [healthy, way])).toEqual(
    Array.from({ length: 2 }, () => [true, `through IPVS to ${VIP}`]),
  )
  expect(one.codes()).toEqual([])
})

it('of a service on several ports the VIP is asked at the one that is checked', () => {
  const one = director(
    new Set(),
    TEXT.replace('port: 80', 'ports: [80, 8000]').replace('via: vip', 'via: vip, port: 8000'),
  )
  one.go(5000)
  expect(new Set(one.through().map(({ port }) => port))).toEqual(new Set([8000]))
  expect(one.codes()).toEqual([])
})

it('one that lost its alias is out, and nobody else; the reason says by which way it was asked', () => {
  const lost = new Set<string>()
  const one = director(lost)
  one.go(5000)
  lost.add('10.11.0.12')
  one.go(8000)
  expect(one.told().map(({ address, healthy, reason }) => [address, healthy, reason])).toEqual([
    ['10.11.0.11', true, 'connected'],
    ['10.11.0.12', false, `no answer, asked through IPVS to ${VIP}`],
  ])
})

it('who does not own the group asks realservers themselves, and says so; nothing of what the owner had stays', () => {
  const one = director()
  one.go(4000)
  expect(one.entry()).toBeDefined()
  one.own('dir2')
  one.go(200)
  const before = one.through().length
  one.go(4000)
  expect(one.through().length).toBe(before)
  expect(one.asked.at(-1)?.address).not.toBe(VIP)
  expect(one.entry()).toBeUndefined()
  expect(one.told()[0]?.way).toBe('at its own address, not through the VIP: this node does not own group web')
})

it('nobody is asked at a VIP that does not stand yet: another node may answer for it', () => {
  const one = director()
  one.kern.state.addresses = one.kern.state.addresses.filter(({ address }) => address !== VIP)
  one.go(4000)
  expect(one.through()).toEqual([])
  expect(one.told()[0]?.way).toBe(`at its own address, not through the VIP: ${VIP} does not stand here yet`)
})

it('a kernel that takes neither entries nor settings: realservers are asked themselves, in time, and it is told until that is mended', () => {
  const one = director()
  one.kern.refuses = (operation) => (isForChecks(operation) ? 'Operation not supported' : '')
  one.go(20_000)
  expect(one.through()).toEqual([])
  // Each half a second, but for the two that wait for their turn, twice.
  expect(one.asked.length).toBeGreaterThan(50)
  expect(one.codes()).toEqual(['via-refused'])
  // Clients are served all the same.
  expect(one.take('ready').at(-1)).toMatchObject({ ready: true })
  one.kern.refuses = () => ''
  one.go(12_000)
  expect(one.through().length).toBeGreaterThan(4)
  expect(one.codes()).toEqual([])
})

it('a kernel that is too busy refuses nothing: realservers are asked themselves meanwhile, and nothing is said of its refusal', () => {
  const one = director()
  one.go(3000)
  one.kern.callMs = 2500
  const before = one.asked.length
  for (let second = 0; second < 20; second++) {
    one.go(1000)
    expect(one.codes()).not.toContain('via-refused')
  }
  expect(one.asked.length - before).toBeGreaterThan(20)
  expect(one.told().map(({ way }) => way)).toContain(
    'at its own address, not through the VIP: the kernel was too busy to get what it needs in time',
  )
  one.kern.callMs = 0
  one.go(15_000)
  const through = one.through().length
  one.go(3000)
  expect(one.through().length).toBeGreaterThan(through + 3)
})

it('answers that take long hold the others up, which is told', () => {
  const one = director()
  one.go(3000)
  const seen: string[] = []
  for (let turn = 0; turn < 8; turn++) {
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(700)
    for (const { id } of one.take('check')) one.feed({ kind: 'checked', id, ok: true, reason: 'connected' })
    seen.push(...one.codes())
  }
  expect(new Set(seen)).toEqual(new Set(['via-late']))
  one.go(5000)
  expect(one.codes()).toEqual([])
})

it('one that answers late holds the others up each time, which is one trouble, and no coming and going', () => {
  const one = director()
  one.go(3000)
  const seen: string[] = []
  let slow: { readonly id: string; readonly at: number } | null = null
  for (let ms = 0; ms < 20_000; ms += 10) {
    if (ms % 500 === 0) one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(10)
    if (slow && ms >= slow.at) {
      one.feed({ kind: 'checked', id: slow.id, ok: true, reason: 'connected' })
      slow = null
    }
    for (const { id } of one.take('check'))
      if (id.startsWith('10.11.0.11 ')) slow = { id, at: ms + 700 }
      else one.feed({ kind: 'checked', id, ok: true, reason: 'connected' })
    if (ms > 5000 && ms % 100 === 0) seen.push(one.codes().join())
  }
  expect(new Set(seen)).toEqual(new Set(['via-late']))
  one.go(5000)
  expect(one.codes()).toEqual([])
})

it('turns are no news, and hide none: what somebody else changes is told', () => {
  const one = director()
  one.go(5000)
  one.take('log')
  one.go(5000)
  expect(one.take('log').filter(({ text }) => /does:|repairs:/.test(text))).toEqual([])
  const at = one.kern.state.services.findIndex((service) => !isMark(service))
  one.kern.state.services.splice(at, 1)
  one.go(3000)
  expect(one.take('log').map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^repairs: .*tcp 10\.11\.0\.10:80/),
  )
})

it('a check by hand takes its turn as well, and says by which way it was asked', () => {
  const one = director(new Set(['10.11.0.12']))
  one.go(5000)
  one.take('reply')
  one.feed({ kind: 'command', id: '1', command: { verb: 'runCheck', name: 'http', explain: false } })
  one.go(3000)
  const [reply] = one.take('reply')
  expect(reply?.outcome).toMatchObject({
    ok: true,
    report: {
      trials: [
        { address: VIP, port: 80, ok: true, reason: 'connected' },
        { address: VIP, port: 80, ok: false, reason: `no answer, asked through IPVS to ${VIP}` },
      ],
    },
  })
})

it('checks by hand wait behind the others, and leave with whoever waited for them', () => {
  const one = director()
  one.go(3000)
  const byHand = () => one.asked.filter(({ id }) => id.startsWith('by hand')).length
  const ask = (times: number) => {
    for (let at = 0; at < times; at++)
      one.feed({
        ...{ kind: 'command', id: `${one.now()} ${at}` },
        command: { verb: 'runCheck', explain: false, name: 'http' },
      })
  }
  ask(1)
  one.go(5000)
  expect(byHand()).toBe(2)
  ask(20)
  one.run(3500)
  const turns = one.take('check').flatMap(({ id, address }) => (address === VIP ? [id.startsWith('by hand')] : []))
  expect(turns.length).toBeGreaterThan(1)
  expect(turns.slice(1), 'those that decide come first').not.toContain(true)
  // Nobody answers until nobody waits any more.
  for (let at = 0; at < 25_000; at += 500) {
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(500)
  }
  one.take('check')
  const then = byHand()
  one.go(10_000)
  expect(byHand() - then).toBe(0)
  expect(one.told().map(({ healthy }) => healthy)).toEqual([true, true])
})
