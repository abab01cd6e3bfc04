/** `lvsm doctor`: what is printed, what is changed, and with which exit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { doctorReport, type Fix, type MachineFacts } from '@lvsm/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { doctor, doctorExplain, doctorList, type DoctorOptions } from '../../src/doctor/command.ts'
import { NOTHING_GIVEN } from '../../src/doctor/core/part.ts'
import { ownView, viewOfAgent } from '../../src/doctor/own-view.ts'
import { Failure } from '../../src/failure.ts'
import { plain as unpainted } from '../../src/paint.ts'
import { SAMPLE } from '@lvsm/model'
import { plain, realserver } from './facts.ts'

let said = ''
let home = ''
beforeEach(() => {
  said = ''
  home = mkdtempSync(join(tmpdir(), 'lvsm-doctor-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const terminal = {
  out: process.stdout,
  paint: unpainted,
  print: (text: string) => void (said += text),
  complain: () => undefined,
}
const LOUD = realserver({ sysctls: { 'net/ipv4/conf/all/arp_ignore': '0' } }).facts

/** A machine whose settings change as it is told. */
function machine(start: MachineFacts, refuses: string | null = null) {
  let facts = start
  const asked: Fix[] = []
  return {
    asked,
    look: () => facts,
    change: (fixes: readonly Fix[]) => {
      asked.push(...fixes)
      if (refuses === null)
        for (const fix of fixes)
          if (fix.kind === 'sysctl') facts = { ...facts, sysctls: { ...facts.sysctls, [fix.path]: fix.value } }
      return fixes.map(() => refuses)
    },
  }
}
const run = (examiner: ReturnType<typeof machine>, options: Partial<DoctorOptions> = {}) =>
  doctor(
    {
      terminal,
      examiner,
      view: () => null,
      ofAgent: (agent) => viewOfAgent(agent, { etc: home, state: home }, undefined),
    },
    { output: 'table', fix: false, only: [], given: NOTHING_GIVEN, from: undefined, told: null, ...options },
  )

test('a finding is said with what was seen, and nothing is changed without being asked', () => {
  const one = machine(LOUD)
  expect(run(one)).toBe('trapped')
  expect(one.asked).toEqual([])
  expect(said).toContain('this machine, in no cluster (kernel 6.1.0-28-amd64): realserver for 10.11.0.50')
  expect(said).toContain('seen: arp_ignore: all = 0, eth0 = 0; the larger counts: 0')
  expect(said).toContain('--fix: net.ipv4.conf.all.arp_ignore: 0 → 1')
})

test('--fix changes it, says the former value, and looks again', () => {
  const one = machine(LOUD)
  expect(run(one, { fix: true })).toBe('ok')
  expect(one.asked).toEqual([{ kind: 'sysctl', path: 'net/ipv4/conf/all/arp_ignore', value: '1', was: '0' }])
  expect(said).toMatch(/nothing wrong was found; \d+ checks\n {2}changed {2}net\.ipv4\.conf\.all\.arp_ignore: 0 → 1\n/)
})

test('what the kernel refuses is said, and stays a finding', () => {
  expect(run(machine(LOUD, 'EROFS: read-only file system'), { fix: true })).toBe('trapped')
  expect(said).toContain('failed   net.ipv4.conf.all.arp_ignore: 0 → 1: EROFS: read-only file system')
})

test('-o json is the shape that the protocol has, and -o yaml the same', () => {
  run(machine(LOUD), { output: 'json' })
  const report = doctorReport.parse(JSON.parse(said))
  expect(report).toMatchObject({ node: null, part: { aliases: ['10.11.0.50'] }, fixed: [] })
  expect(report.findings.map(({ check }) => check)).toEqual(['arp'])
})

test('a machine that is well, and one of which not all was seen', () => {
  expect(run(machine(plain().facts))).toBe('ok')
  expect(run(machine({ ...plain().facts, gaps: [{ what: 'IPVS', why: 'EPERM' }] }))).toBe('unexamined')
  expect(said).toContain('not seen  IPVS: EPERM (run it as root)')
})

test('facts of another machine come from a file; a file of something else is refused, and so is --fix with it', () => {
  const path = join(home, 'facts.json')
  writeFileSync(path, JSON.stringify(LOUD))
  const nobody = { look: () => expect.fail('this machine was looked at'), change: () => [], asked: [] }
  expect(run(nobody, { from: path })).toBe('trapped')
  expect(() => run(nobody, { from: path, fix: true })).toThrow(Failure)
  writeFileSync(path, '{"kernel": 6}')
  expect(() => run(nobody, { from: path })).toThrow(/has no facts of a machine/)
})

test('checks have names: those that are asked for, and none that there is not', () => {
  expect(run(machine(LOUD), { only: ['alias-mask'] })).toBe('ok')
  expect(said).toContain('1 check')
  expect(() => run(machine(LOUD), { only: ['arps'] })).toThrow(/there is no check arps/)
  expect(doctorList({ terminal }, 'table')).toBe('ok')
  expect(said).toMatch(/arp +1 +a realserver answers ARP for a VIP/)
  expect(doctorExplain({ terminal }, 'ping-pong', 'table')).toBe('ok')
  expect(said).toMatch(/ping-pong: .*\(row 9 of the traps\)\n {2}shows {3}.*\n {2}because .*\n {2}→ /)
})

test('in a cluster the file of the node says what it is for', () => {
  const files = { etc: home, state: join(home, 'state') }
  expect(ownView(files, 'rs1')).toBeNull()
  writeFileSync(join(home, 'lvsm.yaml'), SAMPLE)
  expect(ownView(files, 'rs1')?.answersFor.length).toBeGreaterThan(0)
  expect(() => ownView(files, 'rs9')).toThrow(/has no node rs9/)
  writeFileSync(join(home, 'lvsm.yaml'), 'cluster: [')
  expect(() => ownView(files, 'rs1')).toThrow(Failure)
})

test('where an agent runs on files that are elsewhere, it is in that cluster', () => {
  const config = join(home, 'elsewhere.yaml')
  writeFileSync(config, SAMPLE)
  const started = `node --disable-sigusr1 /usr/lib/lvsm/lvsm-agent.mjs --config ${config} --node rs1 --state-dir ${home}`
  const processes = [{ pid: 4711, name: 'lvsm-agent', words: started, unit: '' }]
  run(machine({ ...plain().facts, processes }))
  expect(said).toMatch(/^rs1 \(kernel /)
  const lost = [{ ...processes[0]!, words: `lvsm-agent --state-dir ${join(home, 'gone')}` }]
  const find = (): unknown => run(machine({ ...plain().facts, processes: lost }))
  expect(find).toThrow(/lvsm-agent runs here \(process 4711\), and what it runs on was not found/)
})

test('what lvsm itself listens at is for no client, whatever the machine is taken for', () => {
  const own = { protocol: 'udp' as const, address: '10.11.0.11', port: 6940, program: 'lvsm-lease' }
  const { facts } = realserver({ listeners: [own] })
  expect(run(machine(facts))).toBe('ok')
  expect(said).not.toContain('6940')
  run(machine({ ...facts, listeners: [{ protocol: 'udp', address: '10.11.0.11', port: 6940 }] }))
  expect(said, 'and a program of somebody else').toContain('6940')
})

test('what its agent tells is said beside what checks found, each once, and is something that is wrong', () => {
  const fight = {
    ...{ code: 'fought-over', severity: 'critical' as const, message: 'somebody changes arp_ignore again and again' },
    ...{ evidence: '3 times in the last minute', hint: 'find who else sets it' },
  }
  expect(run(machine(plain().facts), { told: [fight] })).toBe('trapped')
  expect(said).toContain('1 thing is wrong')
  expect(said).toContain(
    'critical  its agent says: somebody changes arp_ignore again and again (fought-over)\n    seen: 3 times in the last minute\n    → find who else sets it\n',
  )
  said = ''
  run(machine(LOUD), { told: [{ ...fight, code: 'arp' }, fight], output: 'json' })
  const { agent } = doctorReport.parse(JSON.parse(said))
  expect(
    agent?.map(({ code }) => code),
    'a check says the other one',
  ).toEqual(['fought-over'])
  said = ''
  expect(run(machine(plain().facts), { told: [] })).toBe('ok')
})
