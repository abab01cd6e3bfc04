/** Connection synchronisation in the configuration: on by itself, its keys, and what is wrong or probably not meant. */
import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { type Edit, edited, refusalsOf, warningsOf } from './fixture.ts'
import { nodeView } from './view.ts'

const configOf = (...edits: readonly Edit[]) => {
  const { config, refusals } = checkConfig(edited(...edits))
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const keys = (text: string): Edit => ['sign-with: 1', `${text}\nsign-with: 1`]
const ALONE: Edit = ['directors: [dir1, dir2]', 'directors: [dir1]']

describe('what holds', () => {
  it('is on where a group has two directors, over their first common link, with an id of the cluster', () => {
    expect(configOf(keys('epoch: 1')).sync).toEqual({ link: 'inside', id: 167, group: '224.0.0.81', port: 8848 })
    expect(configOf(['cluster: lab', 'cluster: other']).sync?.id).not.toBe(167)
    expect(configOf(ALONE).sync).toBeNull()
    expect(configOf(keys('sync: false')).sync).toBeNull()
  })
  it('takes what the file says', () => {
    const text = 'sync-id: 7\nsync-link: outside\nsync-group: 239.1.2.3\nsync-port: 9000'
    expect(configOf(keys(text)).sync).toEqual({ link: 'outside', id: 7, group: '239.1.2.3', port: 9000 })
  })
  it('concerns the directors, each with its own address on the link and those of the others', () => {
    const config = configOf(keys('sync-link: outside'))
    expect(nodeView(config, 'dir2')?.sync).toEqual({
      ...{ id: 167, group: '224.0.0.81', port: 8848 },
      ...{ address: '10.11.0.2', peers: ['10.11.0.1'] },
    })
    expect(nodeView(config, 'rs1')?.sync).toBeNull()
  })
})

/** The link inside in IPv6, so without the realserver that answers there by NAT. */
const SIX: readonly Edit[] = [
  [/\{ name: inside, address: 10\.12\.0\.(\d+)/g, '{ name: inside, address: "2001:db8:12::$1"'],
  [/ {6}- \{ node: rs3.*\n/, ''],
  ['    gateways: [10.12.0.254/24]\n', ''],
]
const NO_OUTSIDE: Edit = ['{ name: outside, address: 10.11.0.1,', '{ name: third, address: 10.11.0.1,']

describe('over IPv6', () => {
  it('goes where all links that directors have in common are of IPv6, with a group of its own', () => {
    const config = configOf(...SIX, NO_OUTSIDE)
    expect(config.sync).toEqual({ link: 'inside', id: 167, group: 'ff15::e000:51', port: 8848 })
    expect(nodeView(config, 'dir1')?.sync).toMatchObject({ address: '2001:db8:12::1', peers: ['2001:db8:12::2'] })
  })
  it('goes over IPv4 where both are there, but where the file names a link, or a group, of IPv6', () => {
    expect(configOf(...SIX).sync).toMatchObject({ link: 'outside', group: '224.0.0.81' })
    expect(configOf(...SIX, keys('sync-link: inside')).sync).toMatchObject({ link: 'inside', group: 'ff15::e000:51' })
    expect(configOf(...SIX, keys('sync-group: "ff18::7"')).sync).toMatchObject({ link: 'inside', group: 'ff18::7' })
  })
  it.each<[string, readonly Edit[], string, RegExp]>([
    [
      'a link-local group',
      SIX,
      'sync-group: "ff02::81"',
      /bad-sync-group messages to ff02::81 leave with a link-local/,
    ],
    [
      'no multicast',
      SIX,
      'sync-group: "2001:db8::81"',
      /bad-sync-group .* \(ff15::e000:51\), or take one of ff00::\/8/,
    ],
    [
      'a group of no link',
      [],
      'sync-group: "ff18::7"',
      /sync-group-family ff18::7 is an address of IPv6, and the links that all directors have/,
    ],
    [
      'a group of another link',
      SIX,
      'sync-link: inside\nsync-group: 239.1.2.3',
      /sync-group-family 239\.1\.2\.3 is an address of IPv4, and link "inside" has/,
    ],
  ])('%s is refused', (_, edits, text, words) =>
    expect(refusalsOf(edited(...edits, keys(text)))).toEqual([expect.stringMatching(words)]),
  )
})

describe('what is refused', () => {
  it.each<[string, RegExp]>([
    ['sync-id: 0', /out-of-range 0 is out of range/],
    ['sync-id: 256', /out-of-range/],
    ['sync-port: 0', /out-of-range/],
    ['sync-group: 10.0.0.81', /bad-sync-group 10\.0\.0\.81 is no multicast address → leave it out \(224\.0\.0\.81\)/],
    ['sync-group: nowhere', /bad-address/],
    ['sync-link: insid', /unknown-sync-link .*dir1, dir2 → did you mean "inside"\?/],
    ['sync: maybe', /bad-type|bad-value|is no/],
  ])('%s', (text, words) => {
    expect(refusalsOf(edited(keys(text)))).toEqual([expect.stringMatching(words)])
  })
  it('directors that cannot hear each other, where it is asked for', () => {
    const apart: readonly Edit[] = [
      ['{ name: inside, address: 10.12.0.2 }, ', ''],
      ['{ name: outside, address: 10.11.0.1, port: 6940 }', '{ name: third, address: 10.13.0.1 }'],
      [
        '[{ name: inside, address: 10.12.0.11 }',
        '[{ name: third, address: 10.13.0.11 }, { name: inside, address: 10.12.0.11 }',
      ],
    ]
    expect(refusalsOf(edited(...apart, keys('sync: true'))).join('\n')).toContain('no-sync-link there is no link that')
  })
})

describe('what is warned about', () => {
  const codes = (...edits: readonly Edit[]): string[] =>
    warningsOf(edited(...edits))
      .filter(({ code }) => code.includes('sync'))
      .map(({ severity, code, field }) => `${severity} ${code} ${field}`)
  it.each<[string, readonly Edit[], string[]]>([
    ['nothing, as it is', [keys('epoch: 1')], []],
    ['off', [keys('sync: false')], ['info sync-off sync']],
    ['off, and keys beside it', [keys('sync: false\nsync-id: 7')], ['info sync-off sync', 'info idle-sync sync-id']],
    ['nobody to tell', [keys('sync: true'), ALONE], ['info idle-sync sync']],
    ['a group of another protocol', [keys('sync-group: 224.0.0.18')], ['warning known-sync-group sync-group']],
  ])('%s', (_, edits, wanted) => expect(codes(...edits)).toEqual(wanted))
})
