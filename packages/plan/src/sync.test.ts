/** Connection synchronisation as desired state: both daemons on directors, their settings, and the way back. */
import { nodeView } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, config, kernel, planInput } from './fixture.ts'
import {
  audit,
  type Desired,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type PlanInput,
  type OwnedRecord,
  readRecord,
  rememberSettings,
  type SyncDaemon,
  troublesOf,
  writeRecord,
} from './index.ts'
import { syncSource } from './sync-source.ts'

const VS: Readonly<Record<string, string>> = {
  ...{ backup_only: '0', sync_version: '1', sync_threshold: '3 50', sync_refresh_period: '0' },
  ...{ sync_retries: '0', sync_persist_mode: '0', sync_sock_size: '0', expire_nodest_conn: '1' },
}
const ADDRESSES = [
  { index: 2, address: '10.12.0.1', prefix: 24, label: 'inside' },
  { index: 3, address: '10.11.0.1', prefix: 24, label: 'outside' },
]
const director = (more: Partial<Observed> = {}, settings: Readonly<Record<string, string>> = {}): Observed => {
  const base = kernel({ addresses: ADDRESSES, syncDaemons: [], ...more })
  const own = Object.entries({ ...VS, ...settings }).map(([key, value]) => [`net/ipv4/vs/${key}`, value] as const)
  return { ...base, sysctls: new Map([...base.sysctls, ...own]) }
}
interface Planned {
  readonly wanted: Desired
  readonly record: OwnedRecord
  readonly plan: readonly Operation[]
  readonly broken: readonly string[]
}
function planned(observed: Observed, before: OwnedRecord = NOTHING_OWNED, more: Partial<PlanInput> = {}): Planned {
  const wanted = desired(planInput('dir1', more), observed)
  const plan = diff(observed, wanted, before)
  const record = rememberSettings(before, observed, wanted, plan)
  return { wanted, record, plan, broken: audit(plan, { observed, owned: record, held: new Set() }) }
}
const after = (observed: Observed, plan: readonly Operation[]): Observed => plan.reduce(apply, observed)
const ofSync = (plan: readonly Operation[]): string[] =>
  plan.flatMap((one) =>
    'daemon' in one
      ? [`${one.kind} ${one.daemon.state}`]
      : one.kind === 'sysctl' && /vs\/(sync|backup)/.test(one.path)
        ? [`${one.path.slice('net/ipv4/vs/'.length)} ${one.value}`]
        : [],
  )
const without = () => {
  const view = nodeView({ ...config, sync: null }, 'dir1')
  if (!view) throw new Error('dir1')
  return { view }
}

describe('a director of a group that can move', () => {
  const first = planned(director())
  const done = after(director(), first.plan)

  it('gets the settings first, its port closed, then the table, then both daemons', () => {
    expect(first.broken).toEqual([])
    expect(ofSync(first.plan)).toEqual([
      ...['sync_threshold 0 0', 'sync_refresh_period 10', 'sync_retries 1', 'sync_sock_size 4194304'],
      ...['sync-start backup', 'sync-start master'],
    ])
    const kinds = first.plan.map(({ kind }) => kind)
    expect(kinds.lastIndexOf('dest-add')).toBeLessThan(kinds.indexOf('sync-start'))
    expect(kinds.indexOf('nat-rules')).toBeLessThan(kinds.indexOf('sync-start'))
    expect(first.wanted.natRules?.sync).toEqual({
      ...{ interface: 'inside', group: '224.0.0.81', port: 8848, peers: ['10.12.0.2'] },
    })
  })
  it('is left alone then', () => {
    expect(planned(done, first.record).plan).toEqual([])
  })
  it.each<[string, (daemons: readonly SyncDaemon[]) => readonly SyncDaemon[], string[]]>([
    ['stopped', ([backup]) => (backup ? [backup] : []), ['sync-start master']],
    [
      'started for another cluster',
      (daemons) => daemons.map((one) => ({ ...one, syncId: 1 })),
      ['sync-stop backup', 'sync-stop master', 'sync-start backup', 'sync-start master'],
    ],
    [
      'started on another interface',
      ([backup, master]) => (backup && master ? [{ ...backup, interface: 'outside' }, master] : []),
      ['sync-stop backup', 'sync-start backup'],
    ],
  ])('has a daemon that was %s by hand put right', (_, change, wanted) => {
    const spoilt = { ...done, syncDaemons: change(done.syncDaemons ?? []) }
    const { plan, broken } = planned(spoilt, first.record)
    expect([ofSync(plan), broken]).toEqual([wanted, []])
    expect(planned(after(spoilt, plan), first.record).plan).toEqual([])
  })
  it('has a backup that forwards nothing put right before a daemon starts', () => {
    const { plan, broken } = planned(director({}, { backup_only: '1' }))
    expect([ofSync(plan)[0], broken]).toEqual(['backup_only 0', []])
  })
  it('forgets no connection that the owner tells it of; where no daemon runs it does', () => {
    const flushing = new Set(['web'])
    const flushes = (observed: Observed): boolean[] =>
      desired(planInput('dir1', { flushing }), observed).services.map((one) => one.flushConnections)
    expect(flushes(done)).toEqual([false])
    expect(flushes({ ...done, syncDaemons: [] })).toEqual([true])
  })
  it('tells where the address of the link is missing, and has no daemon there', () => {
    const observed = director({ addresses: ADDRESSES.slice(1) })
    const { wanted, plan } = planned(observed)
    expect(ofSync(plan).filter((text) => text.startsWith('sync-st'))).toEqual([])
    const { view } = planInput('dir1')
    const codes = troublesOf(view, wanted, observed, NOTHING_OWNED).map(({ code }) => code)
    expect(codes).toContain('no-sync-interface')
  })
})

describe('daemons that look as they should', () => {
  const first = planned(director())
  const done = after(director(), first.plan)
  const ANEW = ['sync-stop backup', 'sync-stop master', 'sync-start backup', 'sync-start master']
  it('are started anew where their interface is another one of the same name', () => {
    const links = done.links.map((link) => (link.name === 'inside' ? { ...link, index: 9 } : link))
    const addresses = done.addresses.map((one) => (one.index === 2 ? { ...one, index: 9 } : one))
    const { plan, broken, record } = planned({ ...done, links, addresses }, first.record)
    expect([ofSync(plan), broken]).toEqual([ANEW, []])
    const again = readRecord(writeRecord(record))
    expect(planned(after({ ...done, links, addresses }, plan), again).plan).toEqual([])
  })
  it('are started anew where the source that they were bound to is another one now, and that is a trouble', () => {
    const before = { index: 2, address: '192.168.1.5', prefix: 24, label: 'inside' }
    const observed = { ...done, addresses: [before, ...done.addresses] }
    const { plan, wanted, record } = planned(observed, first.record)
    expect(ofSync(plan)).toEqual(ANEW)
    expect(planned(after(observed, plan), record).plan).toEqual([])
    const of = ({ addresses }: Observed): string[] => {
      const now = { ...observed, addresses }
      return troublesOf(planInput('dir1').view, planned(now).wanted, now, NOTHING_OWNED).flatMap(({ code, message }) =>
        code === 'sync-source' ? [message] : [],
      )
    }
    expect(wanted.sync?.bound).toEqual({ index: 2, source: '192.168.1.5' })
    expect(of(observed)).toEqual([
      expect.stringMatching(/leaves inside with 192\.168\.1\.5 .* from 10\.12\.0\.1 alone/),
    ])
    expect(of(done)).toEqual([])
    expect(of({ ...done, addresses: [{ ...before, source: false }, ...done.addresses] })).toEqual([])
  })
  it('are left alone where a record of an earlier version does not say what they are bound to, and said from then on', () => {
    const old = readRecord(writeRecord(first.record).replace(/^sync daemons.*$/m, 'sync daemons'))
    const { plan, record } = planned(done, old)
    expect([ofSync(plan), [...(record.get('sync daemons') ?? [])]]).toEqual([[], ['interface 2', 'source 10.12.0.1']])
  })
  it('have one port each, also where somebody had more, who gets them back', () => {
    const four = director({}, { sync_ports: '4' })
    const started = planned(four)
    expect(ofSync(started.plan)).toContain('sync_ports 1')
    expect(started.broken).toEqual([])
    const more = { ...done, sysctls: new Map([...done.sysctls, ['net/ipv4/vs/sync_ports', '4'] as const]) }
    expect(ofSync(planned(more, first.record).plan)).toEqual(['sync_ports 1', ...ANEW])
    const last = planned(after(four, started.plan), started.record, without())
    expect(ofSync(last.plan)).toContain('sync_ports 4')
  })
})

describe('what is no longer wanted', () => {
  const first = planned(director())
  const done = after(director(), first.plan)

  it('goes: daemons end, then settings are as they were, and nothing is remembered then', () => {
    const last = planned(done, first.record, without())
    expect([ofSync(last.plan), last.broken]).toEqual([
      [
        'sync-stop backup',
        'sync-stop master',
        'sync_threshold 3 50',
        'sync_refresh_period 0',
        'sync_retries 0',
        'sync_sock_size 0',
      ],
      [],
    ])
    const now = after(done, last.plan)
    expect([now.syncDaemons, now.sysctls.get('net/ipv4/vs/sync_threshold')]).toEqual([[], '3 50'])
    const end = planned(now, last.record, without())
    expect([ofSync(end.plan), readRecord(writeRecord(end.record)).has('sync daemons')]).toEqual([[], false])
  })
  it('stays where somebody else started it', () => {
    expect(ofSync(planned(done, NOTHING_OWNED, without()).plan)).toEqual([])
    const [backup] = done.syncDaemons ?? []
    if (!backup) throw new Error('a daemon')
    const stop: Operation = { kind: 'sync-stop', daemon: backup }
    expect(audit([stop], { observed: done, owned: NOTHING_OWNED, held: new Set() })).toEqual([
      'a backup daemon that is not ours would be stopped',
    ])
  })
})

describe('the audit', () => {
  const daemon: SyncDaemon = {
    ...{ state: 'master', interface: 'inside', syncId: 7, longest: 1, group: '224.0.0.81', port: 8848, ttl: 1 },
  }
  const judged = (one: SyncDaemon, observed: Observed): string[] =>
    audit([{ kind: 'sync-start', daemon: one }], { observed, owned: NOTHING_OWNED, held: new Set() })
  it('lets no daemon start beside backup_only, nor with an id of everybody', () => {
    expect(judged(daemon, director())).toEqual([])
    expect(judged(daemon, director({}, { backup_only: '1' }))).toEqual([expect.stringContaining('forward nothing')])
    expect(judged({ ...daemon, syncId: 0 }, director())).toEqual([expect.stringContaining('sync id 0')])
  })
})

describe('the record', () => {
  it('says that the daemons are ours, before they start, also when it was read again', () => {
    expect(readRecord(writeRecord(planned(director()).record)).has('sync daemons')).toBe(true)
  })
})

describe('the source of messages', () => {
  const six = (address: string, more: Partial<Observed['addresses'][number]> = {}) => ({
    ...{ index: 2, address, prefix: 64, label: 'inside' },
    ...more,
  })
  const IPV4 = { index: 2, address: '10.12.0.1', prefix: 24, label: 'inside' }
  it.each<[string, Observed['addresses'], string | null]>([
    ['the newest of IPv6, which the kernel tells first', [IPV4, six('2001:db8::9'), six('2001:db8::1')], '2001:db8::9'],
    ['none that is deprecated, or link-local', [six('fe80::1', { source: false }), six('2001:db8::1')], '2001:db8::1'],
    ['a unique local one only where there is no other', [six('fd00::1'), six('2001:db8::1')], '2001:db8::1'],
    ['a unique local one', [six('fe80::1', { source: false }), six('fd00::1')], 'fd00::1'],
    ['of no other interface', [six('2001:db8::1', { index: 3 })], null],
  ])('over IPv6 is %s', (_, addresses, source) => expect(syncSource(addresses, 2, 'ipv6')).toBe(source))
  it('over IPv4 is the first one', () => expect(syncSource([six('2001:db8::1'), IPV4], 2, 'ipv4')).toBe('10.12.0.1'))
})
