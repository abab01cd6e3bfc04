/** `lvsm server remove`: what becomes of the connections of a realserver that leaves. */
import type { Status } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { cleanUp, lvsm } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

const REMOVE = ['server', 'remove', 'rs1', 'service=http', '--yes', '--no-wait']
/** So many connections its owner tells of; null: it tells nothing. */
function coordinatorWith(active: number | null) {
  const configuration = new MemoryConfiguration()
  const told = configuration.clusterStatus
  configuration.clusterStatus = (): Status => {
    const status = told()
    const services = status.services.map((service) => ({
      ...service,
      told: active !== null,
      realservers: service.realservers.map((server) => ({
        ...server,
        active: server.node === 'rs1' ? (active ?? 0) : 99,
      })),
    }))
    return { ...status, services }
  }
  const verbs = () =>
    configuration.log.map((entry) =>
      entry.kind === 'intent' ? `${entry.command.verb} ${JSON.stringify(entry.command.subject)}` : entry.kind,
    )
  return { ...startCoordinator(configuration), verbs }
}
const SUBJECT = '{"kind":"server","node":"rs1","service":"http"}'

describe('without --now', () => {
  it('it is taken out, and told how many connections it has, and what becomes of them', async () => {
    const { runHere, weight, verbs } = coordinatorWith(12)
    const { code, err, out } = await runHere(REMOVE)
    expect([code, weight('rs1')]).toEqual([0, undefined])
    expect(err).toMatch(/^it has 12 established connections\n[^]*: lvsm drain rs1 --deadline 30m; --now cuts them off/)
    expect(out).toContain('established connections to rs1 go on for 5 min at most')
    expect(verbs()).toHaveLength(1)
  })
  it('its connections can be cut off afterwards, by the next step that is told', async () => {
    const { runHere, weight, verbs } = coordinatorWith(12)
    const { out } = await runHere(REMOVE)
    expect(out).toMatch(/lvsm config rollback REVISION, to the one before this, then lvsm server remove NAME --now/)
    expect((await runHere([...REMOVE, '--now'])).code, 'not without').not.toBe(0)
    expect(await runHere(['config', 'rollback', '1', '--yes', '--no-wait'])).toMatchObject({ code: 0 })
    expect(await runHere([...REMOVE, '--now'])).toMatchObject({ code: 0 })
    expect([verbs(), weight('rs1')]).toEqual([['change', 'change', `stop ${SUBJECT}`, 'change'], undefined])
  })
  it('it has no deadline of its own: a drain has', async () => {
    const { runHere, weight, verbs } = coordinatorWith(12)
    expect((await runHere([...REMOVE, '--deadline', '1h'])).code).not.toBe(0)
    expect((await lvsm(['server', 'remove', '--help'])).out).toMatch(/lvsm\s+drain\s+SERVER\s+--deadline\s+30m/)
    expect([verbs(), weight('rs1')]).toEqual([[], 1])
  })
  it.each([0, null])('nothing is said of %s', async (left) => {
    const { runHere } = coordinatorWith(left)
    expect(await runHere(REMOVE)).toMatchObject({ code: 0, err: '' })
  })
})

describe('--now', () => {
  it('stops it first, for ten seconds, and says nothing of connections that go on', async () => {
    const { runHere, weight, verbs, configuration } = coordinatorWith(5)
    expect(await runHere([...REMOVE, '--now', '--dry-run'])).toMatchObject({ code: 0 })
    expect([verbs(), weight('rs1')]).toEqual([[], 1])
    const { code, out, err } = await runHere([...REMOVE, '--now'])
    expect([code, `${out}${err}`.includes('go on'), weight('rs1')]).toEqual([0, false, undefined])
    expect(verbs()).toEqual([`stop ${SUBJECT}`, 'change'])
    const [fact] = configuration.known()?.facts.list ?? []
    expect((fact?.until ?? 0) - (fact?.since ?? 0)).toBe(10_000)
  })
  it('stops nobody where the removal is refused', async () => {
    const { runHere, verbs } = coordinatorWith(5)
    expect((await runHere([...REMOVE, '--now', '--if-revision', '99'])).code).not.toBe(0)
    expect(verbs()).toEqual([])
  })
})
