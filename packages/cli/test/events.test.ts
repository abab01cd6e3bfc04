import type { HistoryEvent } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { plain } from '../src/paint.ts'
import { EventLines, eventsText } from '../src/events/text.ts'
import { cleanUp, lvsm, startAgent, STATUS } from './agent.ts'

afterEach(cleanUp)

const event = (serial: number, more: Partial<HistoryEvent> = {}): HistoryEvent => ({
  at: `2026-01-01T00:00:0${serial}.000Z`,
  node: 'dir1',
  group: 'web',
  kind: 'took',
  number: serial,
  reason: `reason ${serial}`,
  origin: { life: 'a', serial },
  clock: 1_790_000_000_000_000 + serial,
  ageMs: 1000 * serial,
  ...more,
})
const reasons = (out: string): string[] => out.match(/reason \d/g) ?? []

describe('lvsm events', () => {
  it('shows an age beside the time, and keeps the order in which it was told', () => {
    const told = [
      event(1, { at: '2026-01-09T00:00:00.000Z', ageMs: 200_000 }),
      event(2, { kind: 'trouble', number: 0, group: '', severity: 'critical' }),
    ]
    expect(eventsText(told, plain).split('\n')).toEqual([
      '  time                        age  node  group  what     lease  why',
      '  2026-01-09T00:00:00.000Z  3 min  dir1  web    took         1  reason 1',
      '  2026-01-01T00:00:02.000Z    2 s  dir1  -      trouble      -  reason 2',
      '',
    ])
    // An older one that answers says no age.
    const { ageMs: _, ...old } = event(3)
    expect(eventsText([old], plain, Date.parse(old.at) + 7_200_000)).toContain('2 h')
    expect(eventsText([], plain)).toBe('No events.\n')
  })

  it.each([
    [['--kind', 'troubel'], 'there is no kind of event troubel', 'did you mean "trouble"? there are: took, '],
    [['--group', 'wbe'], 'there is no group wbe', 'there are: web'],
    [['--of', 'dir9'], 'there is no node dir9', 'there are: dir1, dir2, rs1'],
  ])('refuses names that nobody has: %s', async (words, said, hint) => {
    const { socketPath } = await startAgent(({ path }) => ({
      body: path.includes('events') ? { events: [event(1)] } : STATUS,
    }))
    const { code, out, err } = await lvsm(['--socket', socketPath, 'events', ...words])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(said)
    expect(err).toContain(hint)
  })
  it('shows none of a node, a group or a kind that had none', async () => {
    const { socketPath } = await startAgent(({ path }) => ({
      body: path.includes('events') ? { events: [event(1)] } : STATUS,
    }))
    for (const words of [
      ['--of', 'dir2'],
      ['--kind', 'clock'],
    ])
      expect(await lvsm(['--socket', socketPath, 'events', ...words])).toMatchObject({ code: 0, out: 'No events.\n' })
  })

  it('filters by node, group, kind and age, and counts what is left', async () => {
    const { socketPath } = await startAgent(() => ({
      body: {
        events: [
          event(1, { node: 'dir2', ageMs: 700_000 }),
          event(2, { kind: 'lost' }),
          event(3, { group: 'mail' }),
          event(4),
        ],
      },
    }))
    const shown = async (...options: string[]): Promise<string[]> =>
      reasons((await lvsm(['--socket', socketPath, 'events', ...options])).out)
    expect(await shown('--of', 'dir2')).toEqual(['reason 1'])
    expect(await shown('--group', 'web', '-n', '2')).toEqual(['reason 2', 'reason 4'])
    expect(await shown('--kind', 'lost', 'over')).toEqual(['reason 2'])
    expect(await shown('--since', '10m')).toEqual(['reason 2', 'reason 3', 'reason 4'])
    expect(await lvsm(['--socket', socketPath, 'events', '--since', 'soon'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no duration'),
    })
  })
})

describe('lvsm events --follow', () => {
  it('prints each event once as it comes, one object per line, asks for what came since, and ends cleanly on Ctrl-C', async () => {
    let asked = 0
    const { socketPath, heard } = await startAgent(() => {
      asked += 1
      // One that has forgotten its cursors tells all again.
      const all = [1, 2, 3, 4, 5].map((serial) => event(serial))
      const events = asked === 1 ? all.slice(0, 2) : asked === 2 ? all.slice(2, 4) : all
      return { body: { events, cursor: `a.${asked}` } }
    })
    const { code, out, err } = await lvsm(
      ['--socket', socketPath, 'events', '--follow', '-n', '1', '-o', 'json'],
      {},
      (text, kill) => {
        if (text.includes('reason 5')) kill('SIGINT')
      },
    )
    expect([code, err]).toEqual([0, ''])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([event(2), event(3), event(4), event(5)])
    expect(heard.map(({ path }) => path)).toEqual(['/v1/events', '/v1/events?after=a.1', '/v1/events?after=a.2'])
  })

  it('survives a lost connection with a sentence, and says that it is over', async () => {
    let asked = 0
    const { socketPath } = await startAgent(() => {
      asked += 1
      if (asked === 2 || asked === 3) return { code: 500, body: 'no' }
      return { body: { events: asked === 1 ? [event(1)] : [event(1), event(2)] } }
    })
    const { code, out, err } = await lvsm(['--socket', socketPath, 'events', '-f'], {}, (text, kill) => {
      if (text.includes('reason 2')) kill('SIGINT')
    })
    expect([code, reasons(out)]).toEqual([0, ['reason 1', 'reason 2']])
    expect(err).toMatch(
      /^lvsm: nobody answers any more: [^]*tried again each second; Ctrl-C ends it\nlvsm: there is an answer again\n$/,
    )
    expect(out.split('\n')[0]).toMatch(/^ {2}time +age +node +group +what +lease +why$/)
  })

  it('does not begin where nobody answers', async () => {
    const { code, err } = await lvsm(['--socket', '/nowhere/agent.sock', 'events', '--follow'])
    expect([code, err]).toEqual([3, expect.stringContaining('no such socket')])
  })

  it('keeps its columns as names grow', () => {
    const lines = new EventLines(plain)
    lines.head()
    const [one, other] = [lines.of(event(1), 0), lines.of(event(2, { node: 'a-long-name-of-a-node' }), 0)]
    expect(one).toMatch(/^ {2}2026\S+ {2}1 s +dir1 +web +took +1 +reason 1\n$/)
    expect(lines.of(event(3), 0).indexOf('web')).toBe(other.indexOf('web'))
  })
})
