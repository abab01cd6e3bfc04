/** What an agent keeps, or is given to keep, of what operators want: over a restart, and where a file is damaged. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_FACTS } from '@lvsm/changes'
import { writeRecord } from '@lvsm/plan'
import { encodeFollowedFacts, type Facts } from '@lvsm/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readFacts } from './adapters/wanted.ts'
import { Kept } from './kept.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-kept-'))
})
afterEach(() => rmSync(home, { recursive: true }))

test('a state directory that cannot be written is a trouble, and what could not be kept meanwhile is kept afterwards', async () => {
  const said: (readonly [string, string | undefined])[] = []
  const state = join(home, 'state')
  const kept = new Kept(
    state,
    'm',
    (source, trouble) => said.push([source, trouble?.code]),
    () => undefined,
  )
  writeFileSync(state, '')
  kept.keep({ kind: 'word', word: { standby: true, author: 'root', since: 1, known: 0 } })
  kept.watch(20)
  await expect
    .poll(() => said)
    .toEqual([
      ['word', 'word-not-kept'],
      ['state directory', 'state-not-kept'],
    ])
  rmSync(state)
  mkdirSync(state)
  await expect
    .poll(() => said.slice(2, 4))
    .toEqual([
      ['state directory', undefined],
      ['word', undefined],
    ])
  kept.close('', null)
  expect(
    new Kept(
      state,
      'm',
      () => undefined,
      () => undefined,
    ).word,
  ).toMatchObject({ standby: true, author: 'root' })
})

test('what is known of aliases is of one start of the machine', () => {
  const nothing = (): void => undefined
  const alias = 'alias 2001:db8::10 lo:lvsm'
  const started = (boot: string): Kept => new Kept(home, boot, nothing, nothing)
  started('one').keep({ kind: 'record', text: writeRecord(new Map([...started('one').record, [alias, new Set()]])) })
  expect(['one', 'two', ''].map((boot) => started(boot).record.has(alias))).toEqual([true, false, false])
})

describe('a word on standby that was given here', () => {
  const WORD = { standby: true, author: 'an operator at dir1', since: 1_790_000_000_000, known: 7 }
  const said: (readonly [string, string | undefined])[] = []
  const started = (): Kept =>
    new Kept(
      home,
      'm',
      (source, trouble) => said.push([source, trouble?.code]),
      () => undefined,
    )
  const told = (kept: Kept): (readonly [string, string | undefined])[] => {
    kept.tell()
    return said.splice(0)
  }
  test('is there after a restart, for root only', () => {
    started().keep({ kind: 'word', word: WORD })
    expect(said.splice(0)).toEqual([['word', undefined]])
    const again = started()
    expect([again.word, told(again)]).toEqual([WORD, []])
    expect(statSync(join(home, 'agent.standby')).mode & 0o777).toBe(0o600)
  })
  test('was never given', () => expect([started().word, told(started())]).toEqual([null, []]))
  test('is none where its file was cut anywhere, and that is said', () => {
    started().keep({ kind: 'word', word: WORD })
    said.splice(0)
    const whole = readFileSync(join(home, 'agent.standby'), 'utf8').trimEnd()
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(join(home, 'agent.standby'), whole.slice(0, length))
      const again = started()
      expect([again.word, told(again)], `${length} characters`).toEqual([null, [['word', 'word-damaged']]])
    }
  })
  test('is read through no link that somebody put there', () => {
    started().keep({ kind: 'word', word: WORD })
    said.splice(0)
    renameSync(join(home, 'agent.standby'), join(home, 'elsewhere'))
    symlinkSync(join(home, 'elsewhere'), join(home, 'agent.standby'))
    const again = started()
    expect([again.word, told(again)]).toEqual([null, [['word', 'word-damaged']]])
  })
  test('that cannot be kept is a trouble until it can', () => {
    mkdirSync(join(home, 'agent.standby'))
    const kept = started()
    kept.keep({ kind: 'word', word: WORD })
    rmSync(join(home, 'agent.standby'), { recursive: true })
    kept.keep({ kind: 'word', word: WORD })
    expect(said.splice(0)).toEqual([
      ['word', 'word-not-kept'],
      ['word', undefined],
    ])
  })
})

describe("the coordinators' facts", () => {
  const facts: Facts = {
    number: 3,
    list: [
      {
        ...{ subject: { kind: 'server', node: 'rs1', service: null }, intent: 'drain', author: 'ann' },
        ...{ since: 5, until: 9, comment: '', number: 3 },
      },
    ],
    ends: [{ node: 'dir1', number: 2, at: 4 }],
  }
  test('are read as they were kept; none where there is no file', () => {
    const path = join(home, 'facts')
    expect(readFacts(path)).toBe(NO_FACTS)
    writeFileSync(path, encodeFollowedFacts(facts))
    expect(readFacts(path)).toEqual(facts)
  })
  test('are read through no link that somebody put there', () => {
    writeFileSync(join(home, 'elsewhere'), encodeFollowedFacts(facts))
    symlinkSync(join(home, 'elsewhere'), join(home, 'facts'))
    expect(readFacts(join(home, 'facts'))).toBeNull()
  })
  test.each(['', '{', '{"v":1,"least":2}', '{"v":1,"least":1,"number":-1,"list":[],"ends":[]}', '[]'])(
    'are not guessed from %j',
    (text) => {
      writeFileSync(join(home, 'facts'), text)
      expect(readFacts(join(home, 'facts'))).toBeNull()
    },
  )
})
