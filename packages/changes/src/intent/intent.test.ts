import { checkConfig } from '@lvsm/model'
import { describe, expect, it, test } from 'vitest'
import { deepFreeze, FILE } from '../fixture.ts'
import type { Facts, IntentCommand, Subject } from '@lvsm/protocol'
import { applyIntent, type IntentApplied } from './apply.ts'
import { idleFacts } from './consequences.ts'
import { expireFacts, intentOnServer, isOnStandby, isStopped, nextExpiry, NO_FACTS, subjectText } from './facts.ts'
import { newerWord, sharedWord } from './newer-word.ts'

const { config } = checkConfig(FILE)
if (!config) throw new Error('the file is a configuration')
const NOW = 1_000_000
const server = (node: string, service: string | null = null): Subject => ({ kind: 'server', node, service })
const command = (verb: IntentCommand['verb'], subject: Subject, more: Partial<IntentCommand> = {}): IntentCommand => ({
  model: 1,
  verb,
  subject,
  forMs: null,
  comment: '',
  ...more,
})
const context = (now = NOW) => ({ finalized: 1, author: 'alice', now, config })
const given = (facts: Facts, one: IntentCommand, now?: number) =>
  applyIntent(deepFreeze(facts), deepFreeze(one), context(now))
function applied(facts: Facts, one: IntentCommand, now?: number): IntentApplied {
  const result = given(facts, one, now)
  if (result.refusals) throw new Error(JSON.stringify(result.refusals))
  return result
}
const after = (...commands: readonly IntentCommand[]): Facts =>
  commands.reduce((facts, one) => applied(facts, one).facts, NO_FACTS)
const texts = ({ list }: Facts): string[] => list.map(({ subject, intent }) => `${intent} ${subjectText(subject)}`)

describe('what is wanted for a while', () => {
  it('is known with its author, time, end and comment', () => {
    const { facts, added } = applied(
      NO_FACTS,
      command('drain', server('rs1', 'http'), { forMs: 60_000, comment: 'new disk' }),
    )
    expect(facts).toEqual({ number: 1, list: added, ends: [] })
    expect(added).toEqual([
      {
        subject: server('rs1', 'http'),
        intent: 'drain',
        author: 'alice',
        since: NOW,
        until: NOW + 60_000,
        comment: 'new disk',
        number: 1,
      },
    ])
  })
  it('the newer word on the same subject replaces the older one', () => {
    const { facts, removed } = applied(after(command('drain', server('rs1'))), command('stop', server('rs1')))
    expect([texts(facts), removed.length]).toEqual([['stop server rs1'], 1])
  })
  it('of a realserver the stronger counts, there or everywhere', () => {
    const facts = after(command('drain', server('rs1')), command('stop', server('rs1', 'http')))
    expect([
      intentOnServer(facts, 'http', 'rs1'),
      intentOnServer(facts, 'https', 'rs1'),
      intentOnServer(facts, 'http', 'rs2'),
    ]).toEqual(['stop', 'drain', 'serve'])
  })
  it('ends when somebody says so: everywhere means in every service', () => {
    const facts = after(
      command('drain', server('rs1')),
      command('stop', server('rs1', 'http')),
      command('drain', server('rs2'), { force: true }),
    )
    expect(texts(applied(facts, command('enable', server('rs1'))).facts)).toEqual(['drain server rs2'])
    expect(given(facts, command('enable', server('rs1', 'https'))).refusals).toMatchObject([
      { code: 'held-everywhere' },
    ])
    expect(applied(facts, command('enable', server('rs3'))).facts).toBe(facts)
    expect(given(facts, command('enable', server('rs9'))).refusals).toMatchObject([{ code: 'unknown-server' }])
  })
  it('ends by itself', () => {
    const facts = after(
      command('drain', server('rs1'), { forMs: 5000 }),
      command('stop', { kind: 'group', group: 'web' }, { forMs: 2000 }),
      command('standby', { kind: 'node', node: 'dir1' }),
    )
    expect(nextExpiry(facts)).toBe(NOW + 2000)
    expect(expireFacts(facts, NOW + 1999).facts).toBe(facts)
    const { facts: left, over } = expireFacts(deepFreeze(facts), NOW + 2000)
    expect([texts(left), over.map(({ intent }) => intent), left.number]).toEqual([
      ['standby node dir1', 'drain server rs1'],
      ['stop'],
      4,
    ])
    expect([
      isStopped(facts, 'web'),
      isStopped(left, 'web'),
      isOnStandby(left, 'dir1'),
      isOnStandby(left, 'dir2'),
    ]).toEqual([true, false, true, false])
    expect(nextExpiry(NO_FACTS)).toBeNull()
  })
  it('of a drain may be a stop from a deadline on, and is the same word of the same author then', () => {
    const facts = after(
      command('drain', server('rs1'), { deadlineMs: 5000, comment: 'new disk' }),
      command('drain', server('rs3'), { deadlineMs: 9000, forMs: 20_000 }),
      command('stop', server('rs2', 'http'), { deadlineMs: 1000, force: true }),
    )
    expect([nextExpiry(facts), expireFacts(facts, NOW + 4999).facts]).toEqual([NOW + 5000, facts])
    const { facts: later, over } = expireFacts(deepFreeze(facts), NOW + 5000)
    expect([texts(later), over.map(({ intent }) => intent), later.number]).toEqual([
      ['stop server rs1', 'stop server rs2 of service http', 'drain server rs3'],
      ['drain'],
      4,
    ])
    const { deadlineMs: _, ...same } = facts.list.find(({ number }) => number === 1)!
    expect(later.list[0]).toEqual({ ...same, intent: 'stop', number: 4 })
    expect(nextExpiry(later), 'that of a stop is for the agents').toBe(NOW + 9000)
    expect(texts(expireFacts(later, NOW + 20_000).facts), 'one that is over is over').toEqual([
      'stop server rs1',
      'stop server rs2 of service http',
    ])
  })
  it('waits where it is about what is not there now', () => {
    const facts = after(command('standby', { kind: 'node', node: 'dir1' }), command('drain', server('rs1', 'https')))
    expect(idleFacts(facts, config)).toEqual([])
    const groups = config.groups.map((one) => ({ ...one, directors: ['dir2'] }))
    expect(idleFacts(facts, { ...config, groups }).map(({ subject }) => subjectText(subject))).toEqual(['node dir1'])
    const services = config.services.filter(({ name }) => name === 'http')
    expect(idleFacts(facts, { ...config, services }).map(({ subject }) => subjectText(subject))).toEqual([
      'server rs1 of service https',
    ])
  })
})

describe('is refused, and changes nothing', () => {
  it.each<[string, IntentCommand, object]>([
    [
      'of somebody unknown',
      command('drain', server('rs9')),
      { code: 'unknown-server', field: 'subject', hint: 'did you mean "rs1" or "rs2" or "rs3"?' },
    ],
    [
      'of a server elsewhere',
      command('drain', server('rs3', 'https')),
      { code: 'unknown-server', message: 'there is no server "rs3" in service "https"' },
    ],
    [
      'in an unknown service',
      command('drain', server('rs1', 'htp')),
      { code: 'unknown-service', hint: 'did you mean "http"?' },
    ],
    ['of an unknown group', command('stop', { kind: 'group', group: 'wbe' }), { code: 'unknown-group' }],
    ['of an unknown node', command('standby', { kind: 'node', node: 'dir3' }), { code: 'unknown-node' }],
    ['of a node that owns nothing', command('standby', { kind: 'node', node: 'rs1' }), { code: 'not-a-director' }],
    [
      'that makes no sense',
      command('standby', server('rs1')),
      { code: 'wrong-intent', hint: 'of a server you can want: drain, stop, enable' },
    ],
    ['drain of a group', command('drain', { kind: 'group', group: 'web' }), { code: 'wrong-intent' }],
    ['for no time', command('drain', server('rs1'), { forMs: 0 }), { code: 'bad-deadline' }],
    ['for ever', command('drain', server('rs1'), { forMs: Number.POSITIVE_INFINITY }), { code: 'bad-deadline' }],
    ['for no number', command('drain', server('rs1'), { forMs: Number.NaN }), { code: 'bad-deadline' }],
    [
      'with a deadline of no time',
      command('drain', server('rs1'), { deadlineMs: 0 }),
      { code: 'bad-deadline', field: 'deadlineMs' },
    ],
    [
      'with a deadline after its end',
      command('stop', server('rs1'), { deadlineMs: 9000, forMs: 9000 }),
      { code: 'bad-deadline', field: 'deadlineMs', hint: expect.stringContaining('--for') },
    ],
    [
      'with a deadline of a group',
      command('stop', { kind: 'group', group: 'web' }, { deadlineMs: 9000 }),
      { code: 'bad-deadline', message: 'stop of a group has no deadline' },
    ],
    ['enable with a deadline', command('enable', server('rs1'), { deadlineMs: 9000 }), { code: 'bad-deadline' }],
    ['with a comment that paints', command('drain', server('rs1'), { comment: '\u001b[2J' }), { code: 'bad-comment' }],
    ['with an endless comment', command('drain', server('rs1'), { comment: 'x'.repeat(201) }), { code: 'bad-comment' }],
    [
      'with a key as comment',
      command('drain', server('rs1'), { comment: '5ec7e7'.repeat(10) }),
      { code: 'bad-comment' },
    ],
    ['of another version', command('drain', server('rs1'), { model: 9 }), { code: 'model-too-new' }],
  ])('%s', (_, one, refusal) => expect(given(NO_FACTS, one).refusals).toMatchObject([refusal]))
})

test('there is an end to how many are wanted, and to silences before that; what is wanted already may be changed', () => {
  const [fact] = applied(NO_FACTS, command('drain', server('rs1'))).added
  if (!fact) throw new Error('it is wanted')
  const many = (length: number, subject: (at: number) => Subject): Facts => ({
    ...NO_FACTS,
    list: Array.from({ length }, (_, at) => ({ ...fact, subject: subject(at) })),
  })
  const silence = (match: string) =>
    command('silence', { kind: 'alerts', match }, { forMs: 60_000, comment: 'new switch' })
  const silenced = many(256, (at) => ({ kind: 'alerts', match: `node=n${at}` }))
  expect(given(silenced, silence('no-ipvs')).refusals).toMatchObject([{ code: 'too-many-facts' }])
  expect(given(silenced, silence('node=n7')).refusals).toBeUndefined()
  expect(given(silenced, command('drain', server('rs1'))).refusals).toBeUndefined()
  const all = many(10_000, (at) => server(`n${at}`))
  expect(given(all, command('drain', server('rs1'))).refusals).toMatchObject([{ code: 'too-many-facts' }])
  expect(given(all, silence('*')).refusals).toMatchObject([{ code: 'too-many-facts' }])
})

describe('standby that a node was told by itself', () => {
  const alone = (standby: boolean, known: number, since = NOW) => ({ standby, author: 'root', since, known })
  const dir1: Subject = { kind: 'node', node: 'dir1' }
  it('counts when it was told in knowledge of the last word, whatever the clocks say', () => {
    const facts = after(command('standby', dir1))
    expect(newerWord(alone(false, 1, NOW - 86_400_000), sharedWord(facts, 'dir1'))).toBe('local')
    expect(newerWord(alone(true, 0, 5), sharedWord(NO_FACTS, 'dir1'))).toBe('local')
  })
  it('counts no more when the coordinators said something since', () => {
    const facts = after(command('standby', dir1), command('enable', dir1))
    expect(facts.ends).toEqual([{ node: 'dir1', number: 2, at: NOW }])
    expect(newerWord(alone(true, 1, NOW - 1), sharedWord(facts, 'dir1'))).toBe('shared')
    expect(newerWord(alone(true, 1, NOW + 1), sharedWord(facts, 'dir1')), 'neither knew of the other').toBe('local')
    expect(newerWord(alone(true, 2, NOW - 1), sharedWord(facts, 'dir1'))).toBe('local')
    expect(sharedWord(expireFacts(after(command('standby', dir1, { forMs: 1000 })), NOW + 1000).facts, 'dir1')).toEqual(
      { fact: null, number: 2, since: NOW + 1000 },
    )
  })
  it('counts no more once the two had met and the coordinators spoke after that, however far its clock is ahead', () => {
    const tomorrow = NOW + 86_400_000
    const facts = after(command('standby', dir1), command('enable', dir1))
    const ended = sharedWord(facts, 'dir1')
    expect(newerWord(alone(true, 0, tomorrow), ended), 'neither knew of the other').toBe('local')
    expect(newerWord({ ...alone(true, 0, tomorrow), met: 0 }, ended)).toBe('shared')
    expect(newerWord({ ...alone(true, 0, tomorrow), met: 1 }, ended)).toBe('shared')
    // What they had said before the two met was not said in knowledge of it.
    expect(newerWord({ ...alone(true, 0, tomorrow), met: 2 }, ended)).toBe('local')
    expect(newerWord({ ...alone(true, 0, NOW - 1), met: 2 }, ended)).toBe('shared')
  })
  it('is ended by an enable of the coordinators, also where they had said nothing of standby', () => {
    const ended = applied(NO_FACTS, command('enable', dir1))
    expect(ended).toMatchObject({ added: [], removed: [], ended: true })
    expect(ended.facts).toEqual({ number: 1, list: [], ends: [{ node: 'dir1', number: 1, at: NOW }] })
    expect(newerWord(alone(true, 0, NOW - 1), sharedWord(ended.facts, 'dir1'))).toBe('shared')
    const twice = after(command('standby', dir1), command('enable', dir1), command('enable', dir1))
    expect(twice.ends).toEqual([{ node: 'dir1', number: 3, at: NOW }])
    expect(applied(NO_FACTS, command('enable', { kind: 'group', group: 'web' })).facts).toEqual(NO_FACTS)
    expect(given(NO_FACTS, command('enable', { kind: 'node', node: 'rs1' })).refusals).toMatchObject([
      { code: 'not-a-director' },
    ])
  })
  it('at the same instant standby wins', () => {
    const ended = sharedWord(after(command('standby', dir1), command('enable', dir1)), 'dir1')
    expect([newerWord(alone(true, 1), ended), newerWord(alone(false, 1), ended)]).toEqual(['local', 'shared'])
    const begun = sharedWord(after(command('stop', { kind: 'group', group: 'web' }), command('standby', dir1)), 'dir1')
    expect(newerWord(alone(false, 1), begun)).toBe('shared')
  })
  it('an end is forgotten with the next beginning', () =>
    expect(after(command('standby', dir1), command('enable', dir1), command('standby', dir1)).ends).toEqual([]))
})

describe('a realserver at weight 0 to which clients are sent all the same', () => {
  const of = (scheduler: string) => {
    const { config: read } = checkConfig(FILE.replace('scheduler: wrr', scheduler))
    if (!read) throw new Error('the file is a configuration')
    return { ...context(), config: read }
  }
  const codesOf = (scheduler: string, one: IntentCommand) =>
    applyIntent(NO_FACTS, one, of(scheduler)).refusals?.map(({ code }) => code) ?? []
  const CODE = 'drain-refuses-clients'
  it('is neither drained nor stopped with a deadline, unless that is meant', () => {
    const drain = command('drain', server('rs1'))
    const late = command('stop', server('rs1', 'http'), { deadlineMs: 60_000 })
    expect([codesOf('scheduler: dh', drain), codesOf('scheduler: dh', late)]).toEqual([[CODE], [CODE]])
    expect(codesOf('scheduler: sh\n    scheduler-flags: [no-fallback]', drain)).toEqual([CODE])
    expect(codesOf('scheduler: dh', command('drain', server('rs1', 'https')))).toEqual([])
    expect(codesOf('scheduler: dh', command('stop', server('rs1')))).toEqual([])
    expect(codesOf('scheduler: dh', { ...drain, force: true })).toEqual([])
    expect(codesOf('scheduler: sh', drain)).toEqual([])
  })
})
