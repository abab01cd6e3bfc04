import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ipvs, type Message, readMessages } from '@lvsm/netlink'
import { estimatesRates, readConnections, readingOf } from './kernel.ts'

const home = mkdtempSync(join(tmpdir(), 'lvsm-counts-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const LINE = 'TCP C0A8000A C350 0A0B000A 0050 0A0B000B 0050 ESTABLISHED     899'
const fileOf = (text: string): string => {
  const path = join(home, 'ip_vs_conn')
  writeFileSync(path, text)
  return path
}
const read = (text: string, clock = () => 0, patienceMs = 1000) => {
  const lines: string[] = []
  const end = readConnections((line) => void lines.push(line), clock, patienceMs, fileOf(text))
  return { lines, ...end }
}

describe('the file of connections', () => {
  it('is read line by line, without its head, over the pieces in which it comes', () => {
    const lines = Array.from({ length: 5000 }, () => LINE)
    expect(read(`head\n${lines.join('\n')}\n`)).toEqual({ lines, there: true, whole: true })
  })
  it('is given up when the time is over, and that is said', () => {
    let now = 0
    const { lines, whole } = read(`head\n${`${LINE}\n`.repeat(50_000)}`, () => (now += 10), 25)
    expect(whole).toBe(false)
    expect(lines.length).toBeGreaterThan(900)
    expect(lines.length).toBeLessThan(10_000)
  })
  it('may have no end of a line: what is kept of it is bounded, and no connection', () =>
    expect(read(`head\n${'x'.repeat(500_000)}`)).toEqual({ lines: [], there: true, whole: true }))
  it('may not be there: a kernel without IPVS', () =>
    expect(
      readConnections(
        () => expect.fail('a line'),
        () => 0,
        1000,
        join(home, 'nowhere'),
      ),
    ).toEqual({
      there: false,
      whole: true,
    }))
})

it('says that the kernel makes no rates only where its setting says so', () => {
  expect(estimatesRates(fileOf('0\n'))).toBe(false)
  expect(estimatesRates(fileOf('1\n'))).toBe(true)
  expect(estimatesRates(join(home, 'nowhere')), 'a kernel before 5.17').toBe(true)
})

it('an entry that is for checks alone is no service: nobody counts it, and its destinations are not even asked for', () => {
  const said = (mark: number): Message => {
    const bytes = ipvs.newService(30, { name: { kind: 'mark', family: 2, mark }, scheduler: 'rr' })
    return readMessages(bytes).messages[0] ?? expect.fail('no message')
  }
  const asked: Uint8Array[] = []
  const socket = { dump: (message: Uint8Array): Message[] => (asked.push(message), []) }
  const keysOf = (mark: number): string[] => readingOf(socket, 30, said(mark), true).map(({ key }) => key)
  expect(keysOf(0x4d00_0001)).toEqual([])
  expect(asked).toEqual([])
  expect([keysOf(0x4c00_0001), keysOf(0x4e00_0001)]).toEqual([['fwmark 1275068417'], ['fwmark 1308622849']])
  expect(asked).toHaveLength(2)
})
