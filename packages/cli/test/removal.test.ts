/** `lvsm server remove`: what becomes of the connections of a realserver that leaves. */
import type { Status } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { cleanUp } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

const REMOVE = ['server', 'remove', 'rs1', 'service=http', '--yes', '--no-wait']
/** So many connections its owner tells of, one after the other; null: it tells nothing. */
function coordinatorWith(...left: readonly (number | null)[]) {
  const configuration = new MemoryConfiguration()
  const told = configuration.clusterStatus
  const rest = [...left]
  configuration.clusterStatus = (): Status => {
    const active = rest.length > 1 ? rest.shift() : rest[0]
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

describe('without a deadline', () => {
  it('it is taken out, and told how many connections it has, and what becomes of them', async () => {
    const { runHere, weight, verbs } = coordinatorWith(12)
    const { code, err, out } = await runHere(REMOVE)
    expect([code, weight('rs1')]).toEqual([0, undefined])
    expect(err).toMatch(
      /^it has 12 established connections\n {2}→ --deadline 30m lets them go on[^]*--now cuts them off/,
    )
    expect(out).toContain('established connections to rs1 go on for 5 min at most')
    expect(verbs()).toHaveLength(1)
  })
  it.each([0, null])('nothing is said of %s', async (left) => {
    const { runHere } = coordinatorWith(left)
    expect(await runHere(REMOVE)).toMatchObject({ code: 0, err: '' })
  })
})

describe('with one', () => {
  it('it is drained, leaves with its last connection, and comes back undrained', async () => {
    const { runHere, weight, verbs } = coordinatorWith(2, 1, 0)
    expect(await runHere([...REMOVE, '--deadline', '1h', '-m', 'new disk'])).toMatchObject({ code: 0 })
    expect(weight('rs1')).toBeUndefined()
    expect(verbs()).toEqual([`drain ${SUBJECT}`, 'change', `enable ${SUBJECT}`])
  })
  it('it leaves when that is over, whoever is left or not known', async () => {
    for (const left of [5, null]) {
      const { runHere, weight } = coordinatorWith(left)
      expect(await runHere([...REMOVE, '--deadline', '1s'])).toMatchObject({ code: 0 })
      expect(weight('rs1')).toBeUndefined()
    }
  })
  it('one without connections is taken out at once', async () => {
    const { runHere, verbs } = coordinatorWith(0)
    expect(await runHere([...REMOVE, '--deadline', '1h'])).toMatchObject({ code: 0 })
    expect(verbs()).toHaveLength(1)
  })
  it('nothing happens where it is only tried, where it is refused, or where the time is none', async () => {
    const { runHere, verbs, weight } = coordinatorWith(5)
    const tried = await runHere([...REMOVE, '--deadline', '1h', '--dry-run'])
    expect(tried).toMatchObject({ code: 0, err: 'it would be drained first, for 1h at most\n' })
    expect((await runHere([...REMOVE, '--deadline', 'soon'])).code).not.toBe(0)
    const nobody = await runHere(['server', 'remove', 'rs9', 'service=http', '--yes', '--deadline', '1h'])
    expect(nobody.code).not.toBe(0)
    expect([verbs(), weight('rs1')]).toEqual([[], 1])
  })
  it('who is wanted again meanwhile stays', async () => {
    const { runHere, configuration, weight } = coordinatorWith(5)
    const removed = runHere([...REMOVE, '--deadline', '1h'])
    await expect.poll(() => configuration.log.length).toBe(1)
    await runHere(['enable', 'rs1', '--service', 'http', '--yes', '--no-wait'])
    const { code, err } = await removed
    expect([code, weight('rs1')]).toEqual([1, 1])
    expect(err).toMatch(/server rs1 of service http is not drained any more/)
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
    expect((await runHere([...REMOVE, '--now', '--deadline', '1h'])).err).toContain('against each other')
    expect(verbs()).toEqual([])
  })
})
