/** Nobody is left without realservers, or without a director, by one command that does not say that it is meant. */
import { checkConfig, type Config } from '@lvsm/model'
import type { Facts, IntentCommand, Subject } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import type { Action } from '../command/command.ts'
import { DOCUMENT, FILE, outcome, run } from '../fixture.ts'
import { applyIntent, type IntentApplied } from './apply.ts'
import { NO_FACTS } from './facts.ts'

const { config } = checkConfig(FILE)
if (!config) throw new Error('the file is a configuration')
const server = (node: string, service: string | null = null): Subject => ({ kind: 'server', node, service })
const node = (name: string): Subject => ({ kind: 'node', node: name })
const web: Subject = { kind: 'group', group: 'web' }
const command = (verb: IntentCommand['verb'], subject: Subject, force?: boolean): IntentCommand => ({
  ...{ model: 1, verb, subject, forMs: null, comment: '' },
  ...(force === undefined ? {} : { force }),
})
const given = (facts: Facts, one: IntentCommand, of: Config = config) =>
  applyIntent(facts, one, { finalized: 1, author: 'alice', now: 1_000_000, config: of })
function applied(facts: Facts, one: IntentCommand, of?: Config): IntentApplied {
  const result = given(facts, one, of)
  if (result.refusals) throw new Error(JSON.stringify(result.refusals))
  return result
}
const after = (...commands: readonly IntentCommand[]): Facts =>
  commands.reduce((facts, one) => applied(facts, one).facts, NO_FACTS)
/** The service `https` of the fixture, rs1 and rs2, with other words for one of them. */
const withRealserver = (at: number, more: object): Config => ({
  ...config,
  services: config.services.map((one) =>
    one.name === 'https'
      ? { ...one, realservers: one.realservers.map((it, index) => (index === at ? { ...it, ...more } : it)) }
      : one,
  ),
})

describe('what is wanted for a while', () => {
  const drained = after(command('drain', server('rs1')))
  it.each(['drain', 'stop'] as const)('%s of the last realserver is refused, with the way out', (verb) => {
    expect(given(drained, command(verb, server('rs2'))).refusals).toEqual([
      {
        code: 'no-server-left',
        field: 'services.https',
        message: 'service "https" would have no realserver left that takes new connections',
        hint: expect.stringContaining('--force'),
      },
    ])
    expect(given(drained, command(verb, server('rs2'), false)).refusals).toHaveLength(1)
  })
  it('is done where it is forced, with a warning of what was not so before', () => {
    const forced = applied(drained, command('drain', server('rs2'), true))
    expect(forced.warnings).toMatchObject([{ code: 'no-server-left', field: 'services.https' }])
    expect(applied(forced.facts, command('stop', server('rs2'))).warnings).toEqual([])
    expect(given(forced.facts, command('drain', server('rs3'))).refusals).toMatchObject([{ field: 'services.http' }])
    expect(applied(forced.facts, command('enable', server('rs1'))).facts.list).toHaveLength(1)
  })
  it('a realserver of weight 0 is nobody who is left', () => {
    expect(given(NO_FACTS, command('drain', server('rs2', 'https')), withRealserver(0, { weight: 0 }))).toMatchObject({
      refusals: [{ code: 'no-server-left', field: 'services.https' }],
    })
  })
  it('a backup is somebody, which is said; the last one is as good as a server', () => {
    const backed = withRealserver(1, { backup: true })
    const alone = applied(NO_FACTS, command('drain', server('rs1', 'https')), backed)
    expect(alone.warnings).toMatchObject([{ code: 'backups-alone', field: 'services.https' }])
    expect(applied(alone.facts, command('stop', server('rs1', 'https')), backed).warnings).toEqual([])
    expect(applied(NO_FACTS, command('drain', server('rs2', 'https')), backed).warnings).toEqual([])
    expect(given(alone.facts, command('drain', server('rs2', 'https')), backed).refusals).toMatchObject([
      { code: 'no-server-left' },
    ])
  })
  it('standby of the last director is refused, the stop of a group is not', () => {
    const one = after(command('standby', node('dir1')))
    expect(given(one, command('standby', node('dir2'))).refusals).toMatchObject([
      { code: 'no-director-left', field: 'groups.web', hint: expect.stringContaining('--force') },
    ])
    expect(applied(one, command('standby', node('dir2'), true)).warnings).toMatchObject([{ code: 'no-director-left' }])
    const stopped = after(command('stop', web), command('standby', node('dir1')), command('drain', server('rs1')))
    expect(applied(stopped, command('standby', node('dir2'))).warnings).toEqual([])
    expect(applied(stopped, command('drain', server('rs2'))).warnings, 'nobody owns it').toEqual([])
  })
  it('standby that leaves directors without a realserver in their tables is refused', () => {
    const local = { node: 'dir1', forward: 'local', weight: 1 } as const
    const both = withRealserver(0, local)
    const one = applied(NO_FACTS, command('drain', server('rs2', 'https')), both)
    expect(one.warnings).toEqual([])
    expect(given(one.facts, command('standby', node('dir1')), both).refusals).toMatchObject([
      { code: 'no-server-left', field: 'services.https' },
    ])
    expect(applied(one.facts, command('standby', node('dir2')), both).warnings).toEqual([])
  })
})

describe('a change of the configuration', () => {
  const set = (name: string, values: Record<string, unknown>, force?: boolean): Action => ({
    ...{ verb: 'set', noun: 'server', which: { pool: 'secure', server: name }, values },
    ...(force === undefined ? {} : { force }),
  })
  const remove = (force?: boolean): Action => ({
    ...{ verb: 'remove', noun: 'server', which: { pool: 'secure', server: 'rs2' } },
    ...(force === undefined ? {} : { force }),
  })
  const light = run(DOCUMENT, set('rs1', { weight: 0 }))
  if (light.refusals) throw new Error(JSON.stringify(light.refusals))
  it.each([
    ['weight 0', set('rs2', { weight: 0 })],
    ['removal', remove()],
  ])('%s of the last realserver is refused, with the way out', (_, action) => {
    expect(outcome(light.document, action)).toEqual([
      expect.stringMatching(/^no-server-left services\.https: service "https" would .* --force/),
    ])
  })
  it('is done where it is forced, and warned of', () => {
    const forced = run(light.document, remove(true))
    expect(forced.refusals).toBeUndefined()
    expect(forced.refusals ?? forced.warnings).toContainEqual(
      expect.objectContaining({ code: 'no-server-left', field: 'services.https' }),
    )
  })
  it('counts who is drained as nobody', () => {
    const facts = after(command('drain', server('rs1', 'https')))
    expect(run(DOCUMENT, set('rs2', { weight: 0 })).refusals).toBeUndefined()
    expect(run(DOCUMENT, set('rs2', { weight: 0 }), { facts }).refusals).toMatchObject([{ code: 'no-server-left' }])
  })
  it('a service that comes with nobody, and one that nobody served before, are not emptied by it', () => {
    const which = { service: 'new' }
    const values = { group: 'web', address: '10.11.0.10', port: 81, protocol: 'tcp', scheduler: 'wlc', pool: 'secure' }
    const empty = run(light.document, set('rs2', { weight: 0 }, true))
    if (empty.refusals) throw new Error(JSON.stringify(empty.refusals))
    expect(run(empty.document, { verb: 'add', noun: 'service', which, values }).refusals).toBeUndefined()
    expect(run(empty.document, set('rs2', { weight: null })).refusals).toBeUndefined()
    expect(run(empty.document, set('rs1', { port: 444, forward: 'nat' })).refusals ?? []).not.toContainEqual(
      expect.objectContaining({ code: 'no-server-left' }),
    )
  })
  it('a whole document needs no word, and has the warning', () => {
    const empty = run(light.document, set('rs2', { weight: 0 }, true))
    const back = run(DOCUMENT, { verb: 'rollback', revision: 2 }, { earlier: () => empty.document ?? null })
    expect(back.refusals ?? back.warnings).toContainEqual(expect.objectContaining({ code: 'no-server-left' }))
  })
  it('whoever removes a realserver that takes connections is told what becomes of them, and of one that was drained is not', () => {
    const cut = (result: ReturnType<typeof run>) =>
      result.refusals ?? result.warnings.filter(({ code }) => code.startsWith('connections-'))
    expect(cut(run(DOCUMENT, remove()))).toEqual([
      {
        ...{ severity: 'info', code: 'connections-end', field: 'services.https' },
        message: 'established connections to rs2 go on for 5 min at most (services: https)',
        hint: expect.stringMatching(/lvsm config rollback REVISION, .*, then lvsm server remove NAME --now$/),
      },
    ])
    const dh: Action = { verb: 'set', noun: 'service', which: { service: 'https' }, values: { scheduler: 'dh' } }
    const hashed = run(DOCUMENT, dh)
    if (hashed.refusals) throw new Error(JSON.stringify(hashed.refusals))
    expect(cut(run(hashed.document, remove())), 'clients are refused who meet weight 0').toEqual([
      {
        ...{ severity: 'warning', code: 'connections-cut', field: 'services.https' },
        message: 'established connections to rs2 are cut off (services: https)',
        hint: expect.stringContaining('lvsm drain SERVER'),
      },
    ])
    expect(cut(run(DOCUMENT, remove(), { facts: after(command('drain', server('rs2', 'https'))) }))).toEqual([])
    const none = run(DOCUMENT, set('rs2', { weight: 0 }))
    if (none.refusals) throw new Error(JSON.stringify(none.refusals))
    expect(cut(run(none.document, remove()))).toEqual([])
    expect(cut(run(DOCUMENT, { verb: 'remove', noun: 'service', which: { service: 'https' } }))).toEqual([])
  })
  it('whoever removes a service that clients are served by is told, and of one that serves nobody is not', () => {
    const action: Action = { verb: 'remove', noun: 'service', which: { service: 'https' } }
    const gone = { severity: 'warning', code: 'service-gone', field: 'services.https' } as const
    const warned = (result: ReturnType<typeof run>) =>
      result.refusals ?? result.warnings.filter(({ code }) => code === gone.code)
    expect(warned(run(DOCUMENT, action))).toEqual([
      {
        ...gone,
        message: expect.stringContaining('its clients are refused'),
        hint: expect.stringContaining('rollback'),
      },
    ])
    const empty = run(light.document, set('rs2', { weight: 0 }, true))
    if (empty.refusals) throw new Error(JSON.stringify(empty.refusals))
    expect(warned(run(empty.document, action))).toEqual([])
    const stopped = after(command('stop', web))
    expect(warned(run(DOCUMENT, action, { facts: stopped }))).toEqual([])
  })
})
