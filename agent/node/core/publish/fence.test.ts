import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { type ObservedFenceGroup, type ObservedFenceTable, reportFence } from './fence.ts'

const CONFIG = checkConfig(SAMPLE).config as Config
const web: ObservedFenceGroup = {
  name: 'web',
  addresses: ['10.11.0.10', '10.12.0.254'],
  element: { leftMs: 312, timeoutMs: 560 },
  droppedPackets: 7,
  droppedBytes: 420,
  whole: true,
}
const tables = (
  change: (table: ObservedFenceTable) => Partial<ObservedFenceTable> = () => ({}),
): ObservedFenceTable[] =>
  (
    [
      ['announce', 'arp', ['input', 'output']],
      ['announce', 'netdev', ['egress-outside']],
      ['serve', 'inet', ['prerouting', 'postrouting', 'forward']],
    ] as const
  ).map(([part, family, hooks]) => {
    const table: ObservedFenceTable = { part, family, present: true, hooks, missingHooks: [], groups: [web] }
    return { ...table, ...change(table) }
  })
const missing = { present: false, hooks: [], groups: [] }
const codes = (observed: ObservedFenceTable[], leaseFault: string | null = null): string[] =>
  reportFence(CONFIG, 'dir1', observed, leaseFault).faults.map(({ code }) => code)

describe('the fence of a director', () => {
  it('is told with its elements, time left, counters and addresses', () => {
    const report = reportFence(CONFIG, 'dir1', tables(), null)
    expect(report).toMatchObject({ node: 'dir1', directs: ['web'], leaseFault: null, faults: [] })
    expect(report.groups).toEqual([
      {
        name: 'web',
        directed: true,
        addresses: ['10.11.0.10', '10.12.0.254'],
        elements: (['arp', 'netdev', 'inet'] as const).map((family) => ({
          part: family === 'inet' ? 'serve' : 'announce',
          family,
          open: true,
          leftMs: 312,
          timeoutMs: 560,
          droppedPackets: 7,
          droppedBytes: 420,
        })),
      },
    ])
    expect(report.tables[0]).toEqual({ part: 'announce', family: 'arp', present: true, hooks: ['input', 'output'] })
  })

  it('is closed where the element is gone', () => {
    const closed = tables(() => ({ groups: [{ ...web, element: null }] }))
    const [group] = reportFence(CONFIG, 'dir2', closed, null).groups
    expect(group?.elements[0]).toMatchObject({ open: false, leftMs: 0, timeoutMs: 0, droppedPackets: 7 })
  })

  it.each<[string, (table: ObservedFenceTable) => Partial<ObservedFenceTable>, string[]]>([
    ['everything', () => missing, ['no-fence']],
    ['the arp table', ({ family }) => (family === 'arp' ? missing : {}), ['no-fence-table']],
    ['the inet table', ({ family }) => (family === 'inet' ? missing : {}), ['no-fence-table']],
    ['the egress hook', ({ family }) => (family === 'netdev' ? missing : {}), ['no-fence-egress']],
    ['a hook', ({ family }) => (family === 'inet' ? { missingHooks: ['forward'] } : {}), ['no-fence-hook']],
    ['the group', ({ family }) => (family === 'inet' ? { groups: [] } : {}), ['no-fence-group']],
    ['a rule', ({ family }) => (family === 'arp' ? { groups: [{ ...web, whole: false }] } : {}), ['no-fence-group']],
    [
      'an address',
      ({ family }) => (family === 'arp' ? { groups: [{ ...web, addresses: ['10.11.0.10'] }] } : {}),
      ['no-fence-address'],
    ],
  ])('that lacks %s is not whole', (_, change, expected) => expect(codes(tables(change))).toEqual(expected))

  it('names what is not guarded, and a next step that fits whether the lease process lives', () => {
    const gone = tables(() => missing)
    const [alive] = reportFence(CONFIG, 'dir1', gone, null).faults
    const [dead] = reportFence(CONFIG, 'dir1', gone, 'it does not run (no socket)').faults
    expect(alive?.message).toContain('answering for web')
    expect([alive?.hint, dead?.hint]).toEqual([
      expect.stringContaining('within a second'),
      expect.stringContaining('start lvsm-lease'),
    ])
    const [address] = reportFence(
      CONFIG,
      'dir1',
      tables(({ family }) => (family === 'inet' ? { groups: [{ ...web, addresses: ['10.11.0.10'] }] } : {})),
      null,
    ).faults
    expect(address).toMatchObject({ severity: 'critical', message: expect.stringMatching(/10\.12\.0\.254.*inet lvsm/) })
  })
})

describe('the fence of a group with addresses of IPv6', () => {
  const both = checkConfig(SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 2001:db8:11::10/64]'))
    .config as Config
  const six = { ...web, addresses: ['2001:db8:11::10'] }
  const all = { ...web, addresses: [...web.addresses, '2001:db8:11::10'] }
  const found = (ip6: Partial<ObservedFenceTable> = {}): ObservedFenceTable[] => [
    ...tables(({ family }) => (family === 'arp' ? {} : { groups: [all] })),
    {
      ...{ part: 'announce', family: 'ip6', present: true, hooks: ['prerouting', 'postrouting'], missingHooks: [] },
      groups: [six],
      ...ip6,
    },
  ]
  const faults = (observed: ObservedFenceTable[], config = both): string[] =>
    reportFence(config, 'dir1', observed, null).faults.map(({ code, message }) => `${code} ${message}`)

  it('is whole where each table guards what is of its family', () => {
    expect(faults(found())).toEqual([])
    const { tables: told, groups } = reportFence(both, 'dir1', found(), null)
    expect([told.map(({ family }) => family), groups[0]?.addresses]).toEqual([
      ['arp', 'netdev', 'inet', 'ip6'],
      ['10.11.0.10', '10.12.0.254', '2001:db8:11::10'],
    ])
  })
  it('lacks tables of IPv6 only where the group has such addresses', () => {
    expect(faults(found(missing))).toEqual([expect.stringMatching(/^no-fence-table the table ip6 lvsm is missing/)])
    expect(faults(found(missing), CONFIG)).toEqual([])
    expect(reportFence(CONFIG, 'dir1', found(missing), null).tables.map(({ family }) => family)).not.toContain('ip6')
    expect(faults(found({ groups: [{ ...six, addresses: [] }] }))).toEqual([
      expect.stringMatching(/^no-fence-address address 2001:db8:11::10 of group web is not guarded by ip6 lvsm/),
    ])
  })
})

it('a node that directs no group needs none, and shows what an earlier configuration left', () => {
  expect(
    reportFence(
      CONFIG,
      'rs1',
      tables(() => missing),
      null,
    ),
  ).toMatchObject({ directs: [], groups: [], faults: [] })
  expect(reportFence(CONFIG, 'rs1', tables(), null).groups).toMatchObject([{ name: 'web', directed: false }])
  const old = tables(() => ({ groups: [web, { ...web, name: 'old' }] }))
  expect(reportFence(CONFIG, 'dir1', old, null).groups.map(({ name, directed }) => [name, directed])).toEqual([
    ['web', true],
    ['old', false],
  ])
})
