/** What a director tells its lease process: could it serve a group, and which of its ping nodes does it reach? */
import { describe, expect, it } from 'vitest'
import { agreementDigests, SAMPLE } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { node, statusOf } from './fixture.ts'

const ROUTER = '10.11.0.100'

/** An owner that has served for a while, and what it told since it was looked at last. */
function owner() {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  const pass = one.run.bind(one)
  const run = (ms: number): void => {
    for (let spent = 0; spent < ms; spent += 500) {
      one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
      pass(500)
    }
  }
  run(3000)
  one.take('ready')
  one.take('log')
  /** Each word that is another than the one before. */
  const told = () => {
    const words = one.take('ready').map(({ ready, reaches, reason }) => ({ ready, reaches, reason }))
    return words.filter((word, at) => at === 0 || JSON.stringify(word) !== JSON.stringify(words[at - 1]))
  }
  const troubles = () => one.core.status(one.now()).troubles.map(({ code }) => code)
  return Object.assign(one, { run, told, troubles })
}
const PREPARED = { ready: true, reaches: 1, reason: 'the kernel is prepared' }

it('an owner whose agent starts anew is ready before its realservers are checked; another director is not', () => {
  const slow = SAMPLE.replace(/check: \{[^}]*\}/, 'check: { type: tcp, interval: 10s, timeout: 5s, fall: 3, rise: 2 }')
  const words = (owns: string) => {
    const one = node('dir1', new Set(), slow)
    // No check has ended yet.
    one.silentChecks = true
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir1', owns) })
    one.run(2500)
    return one.take('ready').at(-1)
  }
  expect(words('dir1')).toMatchObject({ ready: true })
  expect(words('dir2')).toMatchObject({ ready: false, reason: expect.stringContaining('not checked yet') })
})

it('a director waits for first verdicts, but not for one that never comes beside others', () => {
  const words = (known: readonly string[]) => {
    const one = node('dir2')
    one.silentChecks = true
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    const ready = [100, 10_000].map((ms) => {
      for (let at = 0; at < ms; at += 50) {
        one.run(50)
        for (const { id, address } of one.take('check'))
          one.feed({ kind: 'checked', id, ok: known.includes(address) ? true : null, reason: 'nobody knows' })
      }
      return one.take('ready').at(-1)?.ready
    })
    return [...ready, one.core.status(one.now()).troubles.some(({ code }) => code === 'check-unknown')]
  }
  expect(words(['10.11.0.11', '10.11.0.12'])).toEqual([false, true, true])
})

it('a director that can check nobody of a service may take its group all the same, and says so', () => {
  const one = node('dir2')
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
  const answer = (ms: number, ok: true | null, reason: string) => {
    for (let at = 0; at < ms; at += 50) {
      one.run(50)
      for (const { id } of one.take('check')) one.feed({ kind: 'checked', id, ok, reason })
    }
    const { troubles } = one.core.status(one.now())
    return [one.take('ready').at(-1), troubles.filter(({ object }) => object === 'service http')]
  }
  expect(answer(10_000, null, 'it cannot be started: ENOENT')).toMatchObject([
    { ready: true, blind: 1, dark: 'http', reason: 'the kernel is prepared; service http cannot be checked here' },
    [
      {
        code: 'service-unchecked',
        message: 'dir2 cannot check service http: none of its realservers is known, so none serves',
        evidence: 'it cannot be started: ENOENT',
        hint: expect.stringContaining('lvsm check run http/rs1 --explain'),
      },
    ],
  ])
  expect(one.core.figures(one.now()).unchecked).toEqual(new Map([['web', 1]]))
  const [ready, troubles] = answer(10_000, true, 'accepts connections')
  expect(one.core.figures(one.now()).unchecked).toEqual(new Map([['web', 0]]))
  expect([ready, troubles]).toMatchObject([{ ready: true, reason: 'the kernel is prepared' }, []])
  expect(ready).not.toHaveProperty('blind')
  // Who knew them once serves by that.
  const blinded = answer(10_000, null, 'it cannot be started: ENOENT')
  expect(blinded).toMatchObject([{ ready: true, blind: 1 }, [{ code: 'service-unchecked' }]])
  expect(blinded[0]).not.toHaveProperty('dark')
})

it('no order moves a group to a director that knows no realserver of one of its services', () => {
  const one = owner()
  const says = (more: Partial<StateMessage>) => {
    const text = encodeMessage({
      ...{ kind: 'state', boot: 'b', revision: 1, agreement: agreementDigests(one.config), state: 'standby' },
      ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [], ...more },
    })
    one.feed({ kind: 'message', from: 'dir2', text })
    one.run(500)
    const takers = one.core.status(one.now()).groups[0]?.takers ?? []
    return takers.map(({ could, refused }) => [could, refused])
  }
  expect(says({ dark: { web: 'http' } })).toEqual([[true, 'knows no realserver of service http']])
  one.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
  const message = 'no director can take web now (dir2: it knows no realserver of service http)'
  expect(one.take('reply')).toMatchObject([{ outcome: { ok: false, refusals: [{ code: 'no-successor', message }] } }])
  // Of an older agent as well.
  expect(says({})).toEqual([[true, undefined]])
})

describe('a director', () => {
  it('pings from its own address on the link there, once a second', () => {
    const one = owner()
    one.take('ping')
    one.run(5000)
    const pings = one.take('ping')
    expect(pings.map(({ targets }) => targets)).toEqual(
      Array.from({ length: 5 }, () => [{ address: ROUTER, source: '10.11.0.1' }]),
    )
    expect(pings.map(({ round }, at) => round - (pings[0]?.round ?? 0) === at)).not.toContain(false)
  })

  it('says how many ping nodes answer: at a change at once, and with each telling', () => {
    const one = owner()
    one.run(5000)
    expect(one.told()).toEqual([PREPARED])
    one.answering.clear()
    one.run(5000)
    expect(one.told()).toEqual([PREPARED, { ...PREPARED, reaches: 0 }])
    expect(one.troubles()).toEqual(['ping-unreached'])
    one.run(3000)
    expect(one.told()).toEqual([{ ...PREPARED, reaches: 0 }])
    one.answering.add(ROUTER)
    one.run(2000)
    expect(one.told().at(-1)).toEqual(PREPARED)
    expect(one.troubles()).toEqual([])
    expect(one.core.events().events.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
      `failed: ping node ${ROUTER}: 3 requests in a row were not answered`,
      `trouble: ping node ${ROUTER} of group web is not reached: 3 requests in a row were not answered`,
      `recovered: ping node ${ROUTER}: it answers`,
    ])
  })

  it('that has just started reaches nobody until somebody answers', () => {
    const one = node('dir1')
    one.answering.clear()
    one.feed({ kind: 'lease-up' })
    one.run(2900)
    expect(one.take('ready').every(({ reaches }) => reaches === 0)).toBe(true)
    expect(one.core.status(one.now()).groups[0]?.pings).toEqual([
      {
        address: ROUTER,
        directors: [
          { node: 'dir1', reached: null },
          { node: 'dir2', reached: null },
        ],
      },
    ])
    one.run(1000)
    expect(one.core.status(one.now()).groups[0]?.pings[0]?.directors[0]).toEqual({ node: 'dir1', reached: false })
  })

  it('asks nobody as a realserver, or where the group names nobody', () => {
    const [realserver, without] = [node('rs1'), node('dir1', undefined, withoutPing())]
    for (const one of [realserver, without]) {
      one.run(3000)
      expect(one.take('ping')).toEqual([])
    }
    expect(without.core.status(without.now()).groups[0]?.pings).toEqual([])
  })
})

const withoutPing = (): string => SAMPLE.replace(/ {4}ping: .*\n/, '')

describe('a director that lost IPVS', () => {
  it('is not ready, whether the module is gone, the table is refused, or the kernel does not answer', () => {
    const gone = owner()
    gone.kern.state.ipvs = false
    gone.run(3000)
    expect(gone.told().at(-1)).toEqual({ ...PREPARED, ready: false, reason: 'this kernel has no IPVS' })
    expect(gone.troubles()).toContain('no-ipvs')

    const refused = owner()
    refused.kern.state.services.splice(0)
    refused.kern.refuses = ({ kind }) => (kind === 'service-add' ? 'no such object' : '')
    refused.run(3000)
    expect(refused.told().at(-1)).toMatchObject({
      ready: false,
      reason: expect.stringMatching(/^cannot add service .*no such object/),
    })
    expect(refused.troubles()).toContain('kernel-refused')

    const silent = owner()
    silent.kern.unread = 'EPERM, not permitted'
    silent.run(3000)
    expect(silent.told().at(-1)).toMatchObject({
      ready: false,
      reason: 'the kernel cannot be read: EPERM, not permitted',
    })
    expect(silent.troubles()).toContain('cannot-observe')
    silent.kern.unread = ''
    silent.run(2000)
    expect([silent.told().at(-1), silent.troubles()]).toEqual([PREPARED, []])
  })

  it('is ready again less than three seconds after its table was flushed by hand', () => {
    const one = owner()
    one.kern.state.services.splice(0)
    one.run(2500)
    expect(one.told().at(-1)).toEqual(PREPARED)
    expect(one.kern.state.services[0]?.dests).toHaveLength(3)
  })

  it('stays ready when one look at the kernel failed', () => {
    const one = owner()
    one.kern.unread = 'EAGAIN, it changed under every attempt'
    one.run(1000)
    one.kern.unread = ''
    one.run(3000)
    expect(one.told()).toEqual([PREPARED])
  })
})

describe('a director whose kernel refuses an operation', () => {
  it('is not ready, whatever words the kernel has for it', () => {
    const one = owner()
    one.kern.refuses = ({ kind }) => (kind === 'dest-edit' ? 'the guard of this table says no' : '')
    one.alive.delete('10.11.0.11')
    one.run(3000)
    expect(one.told().at(-1)).toMatchObject({
      ready: false,
      reason: expect.stringContaining('the guard of this table'),
    })
  })
  it('stays ready where that is nothing of its group: a tunnel, a setting that only guards, one destination of several', () => {
    for (const kind of ['tunnel-add', 'alias-add', 'dest-add'] as const) {
      const one = owner()
      const dests = one.kern.state.services[0]?.dests ?? []
      one.kern.state.services = one.kern.state.services.map((service) => ({ ...service, dests: dests.slice(1) }))
      one.kern.refuses = (operation) => (operation.kind === kind ? 'operation not supported' : '')
      one.run(3000)
      expect(one.told(), kind).toEqual([PREPARED])
    }
    const one = owner()
    one.kern.state.sysctls.set('net/ipv4/conf/all/send_redirects', '1')
    one.kern.refuses = ({ kind }) => (kind === 'sysctl' ? 'read-only file system' : '')
    one.run(3000)
    expect(one.told().at(-1)).toEqual(PREPARED)
    expect(one.troubles()).toContain('kernel-refused')
  })
  it('is not ready where answers cannot pass: forwarding is off, or the rules are refused', () => {
    const closed = owner()
    closed.kern.state.sysctls.set('net/ipv4/ip_forward', '0')
    closed.kern.refuses = ({ kind }) => (kind === 'sysctl' ? 'read-only file system' : '')
    closed.run(3000)
    expect(closed.told().at(-1)).toMatchObject({
      ready: false,
      reason: expect.stringMatching(/ip_forward.*read-only file system/),
    })
    const bare = node(
      'dir1',
      undefined,
      SAMPLE.replace('    port: 80\n', '    ports: [80, 443]\n').replace('port: 8080, ', ''),
    )
    bare.kern.refuses = ({ kind }) => (kind === 'nat-rules' ? 'no such module' : '')
    bare.feed({ kind: 'lease-up' })
    bare.run(3000)
    expect(bare.take('ready').at(-1)).toMatchObject({
      ready: false,
      reason: 'cannot load our NAT rules: no such module',
    })
  })
  it('is not ready where the kernel takes no destination of a service', () => {
    const one = owner()
    one.kern.state.services = one.kern.state.services.map((service) => ({ ...service, dests: [] }))
    one.kern.refuses = ({ kind }) => (kind === 'dest-add' ? 'operation not supported' : '')
    one.run(3000)
    expect(one.told().at(-1)).toMatchObject({ ready: false, reason: expect.stringContaining('not supported') })
  })
  it('stays ready where one service lacks a module: the others are served, and the trouble names it', () => {
    const one = owner()
    one.kern.state.services.splice(0)
    one.kern.refuses = ({ kind }) => (kind === 'service-add' ? 'no such object' : '')
    one.kern.missing = ['ip_vs_wrr']
    one.run(3000)
    expect(one.told().at(-1)).toEqual(PREPARED)
    const { troubles } = one.core.status(one.now())
    expect(troubles.filter(({ node: name }) => name === 'dir1')).toMatchObject([
      {
        code: 'module-missing',
        object: 'service http',
        message: 'service http (tcp 10.11.0.10:80) is not there: the kernel does not know wrr',
        hint: expect.stringContaining('modprobe ip_vs_wrr;'),
      },
    ])
    one.kern.refuses = () => ''
    one.run(3000)
    expect([one.troubles(), one.kern.state.services[0]?.dests.length]).toEqual([[], 3])
  })
  it('stays ready where it is the rules for NAT and handover that are refused: the table serves all the same', () => {
    const one = owner()
    one.kern.state.natRules = 'changed by hand'
    one.kern.refuses = ({ kind }) => (kind === 'nat-rules' ? 'not supported' : '')
    one.run(3000)
    expect(one.told()).toEqual([PREPARED])
    expect(one.troubles()).toContain('kernel-refused')
  })
})
