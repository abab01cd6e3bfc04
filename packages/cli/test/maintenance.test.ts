import { type Wanted } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { eventsText } from '../src/events/text.ts'
import { plain } from '../src/paint.ts'
import { cleanUp, lvsm, STATUS, startAgent, without } from './agent.ts'

afterEach(cleanUp)

const SINCE = Date.UTC(2026, 9, 27, 8)
const UNTIL = Date.UTC(2026, 9, 27, 10)
const wanted = (what: string, intent: string, more: Partial<Wanted> = {}): Wanted => {
  const open = { since: SINCE, until: null, comment: '', idle: false }
  return { what, intent, author: 'ann', ...open, ...more }
}
async function shown(change: Parameters<typeof without>[0], ...options: readonly string[]) {
  const { socketPath } = await startAgent(() => ({ body: without(change) }))
  return lvsm(['--socket', socketPath, 'status', ...options])
}
const [group] = STATUS.groups
const [service] = STATUS.services
const [rs1, rs2] = service!.realservers

describe('lvsm status of what operators want for a while', () => {
  it('shows a drained and a stopped realserver as that, not as failed, with who wants it', async () => {
    const [drain, stop] = [
      wanted('server rs1', 'drain', { until: UNTIL, comment: 'new disk' }),
      wanted('server rs2', 'stop'),
    ]
    const realservers = [
      { ...rs1!, weight: 0, state: 'draining' as const, wanted: drain },
      { ...rs2!, weight: 0, active: 0, healthy: false, reason: 'refused', state: 'stopped' as const, wanted: stop },
    ]
    const gone = wanted('server rs9 of service ftp', 'drain', { idle: true })
    const { code, out } = await shown(
      { services: [{ ...service!, realservers }], wanted: [drain, stop, gone] },
      '--check',
    )
    expect(code).toBe(0)
    expect(out).toContain('revision 7: healthy; maintenance: 2\n')
    expect(out).toMatch(/MAINTENANCE\n +what +wanted +by +since +until +comment\n/)
    expect(out).toMatch(/ server rs1 +drain +ann +2026-10-27T08:00:00.000Z +2026-10-27T10:00:00.000Z +new disk\n/)
    expect(out).toMatch(/ server rs2 +stop +ann +2026-10-27T08:00:00.000Z +until it is ended\n/)
    expect(out).toMatch(/ server rs9 of service ftp \(not in the configuration now\) +drain/)
    expect(out).toContain('group web: no new connections, all realservers are drained or stopped\n')
    expect(out).toMatch(/rs1 .* 0 +3 +14 +draining +drain by ann, 3 established; healthy: answers\n/)
    expect(out).toMatch(/rs2 .* 0 +0 +9 +stopped +stop by ann; failed: refused\n/)
  })

  it('says how many are established, when they are done about, and when they are cut off', async () => {
    const deadline = UNTIL
    const [drain, stop] = [wanted('server rs1', 'drain', { deadline }), wanted('server rs2', 'stop', { deadline })]
    const realservers = [
      { ...rs1!, weight: 0, active: 12, state: 'draining' as const, wanted: drain, doneInMs: 250_000 },
      { ...rs2!, weight: 0, active: 2, state: 'stopping' as const, wanted: stop, doneInMs: null },
    ]
    const { out } = await shown({ services: [{ ...service!, realservers }], wanted: [drain, stop] })
    const cut = 'connections cut off at 2026-10-27T10:00:00.000Z'
    expect(out).toContain(`drain by ann, 12 established, done in about 4 min, ${cut}; healthy: answers\n`)
    expect(out).toContain(`stop by ann, 2 established, not known when they are done, ${cut}; `)
    expect(out).toMatch(new RegExp(` server rs1 +drain, ${cut}`))
  })

  it('shows a stopped group as what was wanted, and is healthy', async () => {
    const stop = wanted('group web', 'stop', { comment: 'moved away' })
    const stopped = { ...group!, owner: null, state: 'stopped' as const, reason: 'stopped by ann', wanted: stop }
    const { code, out } = await shown({ groups: [stopped], wanted: [stop] }, '--check')
    expect(code).toBe(0)
    expect(out).toContain('revision 7: healthy; maintenance: 1\n')
    expect(out).toMatch(/web +stopped +- +- .*stopped by ann since 2026-10-27T08:00:00.000Z \(moved away\)\n/)
  })

  it('shows both words on the maintenance of a node, the command that ends it, and which of them holds', async () => {
    const [dir1, dir2] = STATUS.nodes
    const shared = wanted('node dir2', 'standby')
    const local = { standby: false, author: 'an operator at dir2', since: UNTIL }
    const nodes = [
      {
        ...dir1!,
        standby: true,
        words: { shared: wanted('node dir1', 'standby'), local: null, holds: 'shared' as const },
      },
      { ...dir2!, words: { shared, local, holds: 'local' as const } },
    ]
    const { out } = await shown({ nodes })
    expect(out).toContain(
      ' [maintenance; lvsm standby off dir1 ends it] [coordinators: maintenance, by ann since 2026-10-27T08:00:00.000Z]\n',
    )
    expect(out).toContain(
      ' [coordinators: maintenance, by ann since 2026-10-27T08:00:00.000Z; at the node: no maintenance, by an operator at dir2 since 2026-10-27T10:00:00.000Z; the newer word holds: no maintenance]\n',
    )
  })

  it('calls it nowhere what a ready successor is called', async () => {
    const { out } = await shown({ wanted: [wanted('node dir2', 'standby')] })
    expect(out).toMatch(/\nMAINTENANCE\n.*\n {2}node dir2 +maintenance +ann /)
    const event = { at: '2026-10-27T08:00:00.000Z', node: 'dir2', group: '', number: 0, kind: 'standby' }
    const told = eventsText([{ ...event, reason: 'dir2 is under maintenance, by ann' }], plain)
    expect(told).toMatch(/ dir2 +- +maintenance +- +dir2 is under maintenance, by ann\n/)
  })

  it('says of a node under maintenance once who wants it, since when, and what ends it', async () => {
    const [dir1, dir2] = STATUS.nodes
    const state = 'maintenance' as const
    const local = { standby: true, author: 'an operator at dir2', since: UNTIL }
    const said = (author: string): string => `under maintenance by ${author} (lvsm standby on): takes nothing over`
    const shared = { shared: wanted('node dir1', 'standby'), local: null, holds: 'shared' as const }
    const nodes = [
      { ...dir1!, state, standby: true, reason: said('ann'), words: shared },
      {
        ...dir2!,
        state,
        standby: true,
        reason: said(local.author),
        words: { shared: null, local, holds: 'local' as const },
      },
    ]
    const { out } = await shown({ nodes })
    expect(out).toContain(`${said('ann')} [since 2026-10-27T08:00:00.000Z; lvsm standby off dir1 ends it]\n`)
    expect(out).toContain(`${said(local.author)} [since 2026-10-27T10:00:00.000Z; lvsm standby off dir2 ends it]\n`)
  })

  it('reads a state that a newer agent says as one that is not over, and a time that no date has as the last one', async () => {
    const strange = { ...rs1!, state: 'hibernating', wanted: wanted('server rs1', 'drain', { since: 9e15 }) }
    const realservers = [strange as unknown as NonNullable<typeof rs1>]
    const { code, out } = await shown({ services: [{ ...service!, realservers }], wanted: [strange.wanted] })
    expect(code).toBe(0)
    expect(out).toContain('draining')
    expect(out).toContain('+275760-09-13T00:00:00.000Z')
  })
})
