/** `lvsm doctor` on the real kernel: each trap is set in a network namespace, is named, is mended, and is gone. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DoctorReport, doctorReport, EXITS } from '@lvsm/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program } from '../kit/programs.ts'
import { ip, ipJson, run, space } from './space.ts'

const home = mkdtempSync(join(tmpdir(), 'lvsm-doctor-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Of what the machine itself has enabled nothing is asked here. */
function doctor(
  only: readonly string[],
  ...words: string[]
): { readonly code: number | null; readonly report: DoctorReport } {
  const own = ['doctor', '-o', 'json', '--etc', home, '--state-dir', home, ...words, '--only', ...only]
  const { status, stdout, stderr } = spawnSync(
    'ip',
    ['netns', 'exec', space, process.execPath, program('lvsm'), ...own],
    {
      encoding: 'utf8',
    },
  )
  expect(stderr).toBe('')
  return { code: status, report: doctorReport.parse(JSON.parse(stdout)) }
}
const sysctl = (path: string): string => run('ip', 'netns', 'exec', space, 'cat', `/proc/sys/net/ipv4/${path}`).trim()
const write = (path: string, value: string): string =>
  run('ip', 'netns', 'exec', space, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/${path}`)

beforeAll(() => {
  ip('address add 10.11.0.11/24 dev left')
  ip('route add default via 10.11.0.1 dev left')
})

/** Clean before, named when it is set, changed by --fix and by nothing else, clean after. */
function trapped(check: string, set: () => void, ...words: string[]): DoctorReport {
  expect(doctor([check], ...words)).toMatchObject({ code: EXITS.ok.code, report: { findings: [] } })
  set()
  const seen = doctor([check], ...words)
  expect(seen.code).toBe(EXITS.trapped.code)
  expect(seen.report.findings.map((one) => one.check)).toContain(check)
  expect(seen.report.findings.flatMap(({ evidence }) => evidence).length).toBeGreaterThan(0)
  expect(doctor([check], ...words).report.findings).toEqual(seen.report.findings)
  const mended = doctor([check], '--fix', ...words)
  expect(mended.report.fixed.map(({ failed }) => failed)).toEqual(mended.report.fixed.map(() => null))
  expect(mended.report.fixed.length).toBeGreaterThan(0)
  expect(mended).toMatchObject({ code: EXITS.ok.code, report: { findings: [] } })
  return mended.report
}

test('ARP of a realserver', () => {
  const { fixed } = trapped('arp', () => ip('address add 10.11.0.50/32 dev lo'))
  expect(fixed).toEqual([
    { what: 'net.ipv4.conf.all.arp_ignore', was: '0', is: '1', failed: null },
    { what: 'net.ipv4.conf.all.arp_announce', was: '0', is: '2', failed: null },
  ])
  expect([sysctl('conf/all/arp_ignore'), sysctl('conf/all/arp_announce')]).toEqual(['1', '2'])
})

test('a mask on lo, of both families', () => {
  trapped('alias-mask', () => ip('address add 10.11.0.51/24 dev lo'))
  const addresses = ipJson('address show dev lo').flatMap((one) => one['addr_info'] as Record<string, unknown>[])
  expect(addresses.filter(({ local }) => local === '10.11.0.51')).toMatchObject([{ prefixlen: 32, scope: 'host' }])
  // A network of its own on lo is what some mean; one in which it has neighbours is cut off.
  ip('address add fd00:11::11/64 dev left nodad')
  trapped('alias-mask', () => ip('address add fd00:11::51/64 dev lo'))
  const after = ipJson('address show dev lo').flatMap((one) => one['addr_info'] as Record<string, unknown>[])
  expect(after.filter(({ local }) => local === 'fd00:11::51')).toMatchObject([{ prefixlen: 128, deprecated: true }])
})

test('redirects that a realserver by NAT follows, on either of the two files', () => {
  write('conf/all/accept_redirects', '0')
  write('conf/left/accept_redirects', '0')
  write('conf/right/accept_redirects', '0')
  trapped('redirects', () => write('conf/left/accept_redirects', '1'), '--gateway', '10.11.0.1')
})

test('gratuitous ARP that is not heard', () => {
  trapped('garp', () => write('conf/left/drop_gratuitous_arp', '1'))
  expect(sysctl('conf/left/drop_gratuitous_arp')).toBe('0')
})

test('two interfaces in one network', () => {
  write('conf/all/arp_ignore', '0')
  ip('address del 10.11.0.50/32 dev lo')
  ip('address del 10.11.0.51/32 dev lo')
  trapped('arp-flux', () => ip('address add 10.11.0.12/24 dev right'), '--as', 'director')
  ip('address del 10.11.0.12/24 dev right')
})

test('what has no safe change is named, --fix changes nothing of it, and it goes when it is mended by hand', () => {
  const gateway = ['--gateway', '10.11.0.254']
  const [before, fixed] = [doctor(['nat-gateway'], ...gateway), doctor(['nat-gateway'], '--fix', ...gateway)]
  expect(before.report.findings).toMatchObject([
    { evidence: ['ip route: default via 10.11.0.1 dev left metric 0'], fixes: [] },
  ])
  expect(fixed.report).toMatchObject({ fixed: [], findings: before.report.findings })
  ip('route replace default via 10.11.0.254 dev left')
  expect(doctor(['nat-gateway'], ...gateway).code).toBe(EXITS.ok.code)
})

test('a director on a kernel without IPVS, and a chain that drops what NAT forwards', () => {
  const { code, report } = doctor(['modules'], '--as', 'director', '--vip', '10.11.0.50')
  // Where the kernel of this machine has IPVS, it is no trap.
  if (report.findings.length > 0)
    expect([code, report.findings[0]?.evidence[0]]).toEqual([EXITS.trapped.code, 'generic netlink has no family IPVS'])
  else expect(code).toBe(EXITS.ok.code)
  run(
    'ip',
    'netns',
    'exec',
    space,
    'nft',
    'add table ip others; add chain ip others fw { type filter hook forward priority 0; policy drop; }',
  )
  ip('address add 10.11.0.50/32 dev lo')
  const dropping = doctor(['forward-policy'], '--as', 'director')
  expect(dropping.report.findings).toMatchObject([{ object: 'ip others fw' }])
})
