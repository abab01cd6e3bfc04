import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { encodeFollowedFacts } from '@lvsm/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfiguration } from './configuration.ts'
import { launch } from './launch.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-configuration-'))
})
afterEach(() => rmSync(home, { recursive: true }))
const written = (text: string): string => {
  const path = join(home, 'lvsm.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
const SECRET = '5ec2e7'.repeat(6)
const faultsOf = (text: string, self: Parameters<typeof readConfiguration>[1]): readonly string[] => {
  const read = readConfiguration(written(text), self, true)
  return read.ok ? [] : read.faults
}

test('--check prints warnings and ends well', () => {
  const [lines, printed, exits]: [string[], string[], number[]] = [[], [], []]
  const path = written(SAMPLE)
  launch(['--check', '--config', path], {
    root: true,
    alone: () => ({ ok: true, warning: null }),
    live: () => ({ before: null, awayMs: null }),
    tries: () => undefined,
    say: (text) => void lines.push(text),
    print: (text) => void printed.push(text),
    complain: (text) => void lines.push(text),
    exit: (code) => void exits.push(code),
    on: () => undefined,
  })
  expect([printed, exits]).toEqual([[`${path}: no faults, 1 warning (cluster lab, revision 1)\n`], []])
  expect(lines).toEqual([expect.stringMatching(/lvsm\.yaml:5:41: warning: keys\[0\]\.secret: .*published example/)])
})

describe('the configuration', () => {
  test('is the same file for every node', () => {
    const path = written(SAMPLE)
    const [one, other] = ['dir1', 'rs3'].map((node) => readConfiguration(path, { node, named: true }, true))
    expect(one).toMatchObject({ ok: true, config: { cluster: 'lab' } })
    expect(other).toEqual(one)
  })
  test('that does not know this node is refused: whoever gave the name is told how to give another', () => {
    expect(faultsOf(SAMPLE, { node: 'dir3', named: true })[0]).toMatch(/there is no node "dir3"[^]*dir1/)
    expect(faultsOf(SAMPLE, { node: 'localhost', named: false })[0]).toMatch(
      /there is no node "localhost"[^]*hostname[^]*--node NAME/,
    )
    expect(faultsOf(SAMPLE, null)).toEqual([])
  })
  test('with an epoch is what coordinators have: in a file of an operator’s it is refused', () => {
    const text = SAMPLE.replace('revision: 1', 'revision: 1\nepoch: 7')
    expect(faultsOf(text, null)[0]).toMatch(
      /lvsm\.yaml:3:\d+: [^]*epoch 7: coordinators number the sets of voters[^]*take the key out/,
    )
    expect(faultsOf(text.replace('epoch: 7', 'epoch: 1'), null)).toEqual([])
    const read = (followed: boolean) =>
      readConfiguration(written(text.replace('7', followed ? '7' : '1')), null, true, followed ? '/none' : null)
    expect(read(true)).toMatchObject({ config: { epoch: 7, followed: true } })
    expect(read(false)).toMatchObject({ config: { epoch: 1, followed: false } })
  })
  test('that says whose it is, as it once did, is refused with the way out', () => {
    const [fault] = faultsOf(SAMPLE.replace('revision', 'node: dir1\nrevision'), { node: 'dir1', named: true })
    expect(fault).toMatch(/lvsm\.yaml:2:[^]*the same on every node[^]*--node NAME/)
  })
  test('with faults names all of them, and that nothing was changed', () => {
    const faults = faultsOf(
      SAMPLE.replace('scheduler: wrr', 'scheduler: wheel').replace('weight: 1', 'weight: -1'),
      null,
    )
    expect(faults).toHaveLength(3)
    expect(faults.at(-1)).toMatch(/2 faults; nothing was changed/)
  })
  test('with thousands of faults names fifty, and says how many there are', () => {
    const faults = faultsOf(SAMPLE + Array.from({ length: 2000 }, (_, at) => `wrong${at}: 1\n`).join(''), null)
    expect(faults).toHaveLength(51)
    expect(faults.at(-1)).toMatch(/2000 faults, of which these are the first 50; nothing was changed/)
  })
  test('comes with what is probably not meant; a key file that is elsewhere is no fault of the file alone', () => {
    const found = readConfiguration(
      written(SAMPLE.replace(/secret: "\w+"/, 'file: key').replace('sha256', 'md5')),
      null,
      true,
    )
    expect(found).toMatchObject({
      ok: true,
      warnings: [
        { severity: 'warning', code: 'weak-mac', line: 5 },
        { severity: 'info', code: 'no-secret-file', line: 5, field: 'keys[0].file' },
      ],
    })
  })
  test('that is not there, or names a secret that is not there, is refused', () => {
    const missing = readConfiguration(join(home, 'none.yaml'), null, true)
    expect(missing).toMatchObject({ ok: false, faults: [expect.stringContaining('there is no such file')] })
    const [fault] = faultsOf(SAMPLE.replace(/secret: "\w+"/, 'file: key'), { node: 'dir1', named: true })
    expect(fault).toMatch(/lvsm\.yaml:5:\d+: keys\[0\]\.file: .*no such file[^]*openssl rand/)
  })
})

describe('a configuration that somebody else could have written', () => {
  const read = (strict = true) => readConfiguration(join(home, 'lvsm.yaml'), null, strict)
  const faults = (): readonly string[] => {
    const found = read()
    return found.ok ? [] : found.faults
  }
  test.each([0o666, 0o646])('by its mode (%o) is refused, with what mends it', (mode) => {
    chmodSync(written(SAMPLE), mode)
    expect(faults()).toEqual([
      expect.stringMatching(/lvsm\.yaml: others may write .*\n {2}→ chmod go-w .*lvsm\.yaml$/),
      expect.stringMatching(/1 fault; nothing was changed/),
    ])
  })
  test('by its directory, or by a link on the way, is refused', () => {
    mkdirSync(join(home, 'open'))
    writeFileSync(join(home, 'open/real.yaml'), SAMPLE)
    symlinkSync('open/real.yaml', join(home, 'lvsm.yaml'))
    expect(faults()).toEqual([])
    chmodSync(join(home, 'open'), 0o777)
    expect(faults()[0]).toMatch(/others may write into the directory .*open/)
  })
  test('is only warned about where nobody is to act on it', () => {
    chmodSync(written(SAMPLE), 0o666)
    expect(read(false)).toMatchObject({
      ok: true,
      warnings: expect.arrayContaining([
        expect.objectContaining({ severity: 'warning', message: expect.stringMatching(/others may write/) }),
      ]),
    })
  })
  test('with a secret in it that others can read is a trouble, and no more', () => {
    chmodSync(written(SAMPLE), 0o644)
    const codes = (): readonly string[] => {
      const found = read()
      return found.ok ? found.warnings.map(({ code }) => code) : ['refused']
    }
    expect(codes()).toContain('open-secret')
    chmodSync(join(home, 'lvsm.yaml'), 0o600)
    expect(codes()).not.toContain('open-secret')
  })
  test.each<[string, () => void, RegExp]>([
    ['a FIFO', () => execFileSync('mkfifo', [join(home, 'lvsm.yaml')]), /this is a FIFO/],
    ['a directory', () => mkdirSync(join(home, 'lvsm.yaml')), /this is a directory/],
    ['a device', () => symlinkSync('/dev/zero', join(home, 'lvsm.yaml')), /this is a device/],
    ['without end', () => writeFileSync(join(home, 'lvsm.yaml'), Buffer.alloc(9 << 20, '#')), /larger than/],
  ])('that is %s is refused at once', (_, put, because) => {
    put()
    expect(faults()).toEqual([expect.stringMatching(because)])
  })
})

describe('a key file', () => {
  const key = (): string => join(home, 'key')
  const faults = (): string =>
    faultsOf(SAMPLE.replace(/secret: "\w+"/, 'file: key'), { node: 'dir1', named: true }).join('\n')
  test.each([0o644, 0o640, 0o604, 0o660])('that others may use (%o) is refused, with what mends it', (mode) => {
    writeFileSync(key(), SECRET)
    chmodSync(key(), mode)
    expect(faults()).toMatch(/keys\[0\]\.file: others may use the secret in .*key[^]*→ chmod 600 .*key; /)
    chmodSync(key(), 0o600)
    expect(faults()).toBe('')
  })
  test.each([
    ['the published example', SAMPLE.match(/secret: "(\w+)"/)?.[1] ?? '', /is the one of the published example/],
    ['zeros', '00'.repeat(32), /nothing but zeros/],
  ])('with the secret of %s is warned about, as one in the file is', (_, secret, why) => {
    writeFileSync(key(), secret, { mode: 0o600 })
    const path = written(SAMPLE.replace(/secret: "\w+"/, 'file: key'))
    const read = readConfiguration(path, { node: 'dir1', named: true }, true)
    expect(read).toMatchObject({
      ok: true,
      warnings: [
        { severity: 'warning', code: 'known-key', field: 'keys[0].file', message: expect.stringMatching(why) },
      ],
    })
    expect(JSON.stringify(read.ok ? read.warnings : read)).not.toContain(secret)
  })
  test('that is not there is to be copied, or made without writing over anything', () => {
    expect(faults()).toMatch(
      /there is no such file\n {2}→ copy the key file of another node .*set -C; openssl rand -hex 32 > /,
    )
  })
  test.each<[string, () => void]>([
    ['damaged', () => writeFileSync(key(), 'swordfish'.repeat(9), { mode: 0o600 })],
    ['empty', () => writeFileSync(key(), '', { mode: 0o600 })],
    ['a file of something else', () => symlinkSync('/etc/passwd', key())],
    ['a link that leads nowhere', () => symlinkSync('/nowhere/at/all', key())],
    ['a directory', () => mkdirSync(key())],
    ['a FIFO', () => execFileSync('mkfifo', [key()])],
    ['without end', () => symlinkSync('/dev/zero', key())],
    ['half of one', () => writeFileSync(key(), SECRET.slice(0, 21), { mode: 0o600 })],
    ['longer than the lease process is told of', () => writeFileSync(key(), SECRET.repeat(1820), { mode: 0o600 })],
  ])('that is %s is refused at once, and no hint writes over it, or tells what stands in it', (_, put) => {
    put()
    expect(faults()).toMatch(/keys\[0\]\.file: /)
    expect(faults()).not.toMatch(/openssl|>|swordfish|5ec2e7|root:/)
  })
})

describe('what operators want for a while', () => {
  const factsOf = (path: string | null) => {
    const read = readConfiguration(written(SAMPLE), { node: 'dir1', named: true }, true, path)
    return read.ok ? read.facts : read.faults
  }
  test('is read beside a configuration that is followed, and is none beside a file of the operator', () => {
    const facts = { number: 4, list: [], ends: [{ node: 'dir1', number: 4, at: 9 }] }
    const path = join(home, 'followed-facts.json')
    expect(factsOf(path)).toEqual(NO_FACTS)
    writeFileSync(path, encodeFollowedFacts(facts))
    expect([factsOf(path), factsOf(null)]).toEqual([facts, NO_FACTS])
  })
  test('damaged, is no fault of the configuration', () => {
    writeFileSync(join(home, 'followed-facts.json'), '{"v":1,')
    expect(factsOf(join(home, 'followed-facts.json'))).toBeNull()
  })
})
