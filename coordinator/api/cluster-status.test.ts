/** What coordinators say of a cluster of which no agent tells: how it is configured, what is wanted, and nothing that looks well. */
import { statusReport } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { MemoryConfiguration } from '../../test/kit/configuration.ts'
import { configuredStatus } from './cluster-status.ts'

const BY = { author: 'alice', at: 5 } as const
const wish = (command: object) =>
  ({ kind: 'intent', ...BY, command: { model: 1, forMs: null, comment: '', ...command } }) as never

function statusOf(configuration: MemoryConfiguration) {
  const state = configuration.known()
  if (!state) throw new Error('a configuration in memory has a state')
  const progress = new Map([['rs1', { name: 'rs1', revision: 1, epoch: null }]])
  return configuredStatus(state, 'dir1', progress as never)
}

it('has everything that is configured, in its order, and is a status as lvsm reads it', () => {
  const status = statusOf(new MemoryConfiguration())
  expect(statusReport.parse(JSON.parse(JSON.stringify(status)))).toEqual(JSON.parse(JSON.stringify(status)))
  expect(status).toMatchObject({
    cluster: 'lab',
    node: 'dir1',
    revision: 1,
    groups: [{ name: 'web', addresses: ['10.11.0.10', '10.12.0.254'], directors: ['dir1', 'dir2'] }],
    services: [
      { name: 'http', realservers: [{ node: 'rs1' }, { node: 'rs2' }, { node: 'rs3', port: 8080, forward: 'nat' }] },
    ],
    nodes: ['dir1', 'dir2', 'rs1', 'rs2', 'rs3'].map((name) => ({ name })),
  })
})

it('says of nothing that it is well', () => {
  const { quorum, groups, services, nodes } = statusOf(new MemoryConfiguration())
  expect(quorum).toBe(false)
  for (const group of groups) expect(group).toMatchObject({ owner: null, state: 'unknown' })
  for (const { realservers } of services) for (const server of realservers) expect(server.healthy).toBeNull()
  for (const node of nodes) expect(node.state).toBe('unknown')
  expect(nodes.filter(({ agent }) => agent).map(({ name, reason }) => [name, reason])).toEqual([
    ['rs1', 'its agent uses revision 1, and tells no more'],
  ])
})

it('has what operators want, beside what it is about', async () => {
  const configuration = new MemoryConfiguration()
  await configuration.write(wish({ verb: 'drain', subject: { kind: 'server', node: 'rs1', service: 'http' } }))
  await configuration.write(wish({ verb: 'stop', subject: { kind: 'group', group: 'web' } }))
  await configuration.write(wish({ verb: 'standby', subject: { kind: 'node', node: 'dir2' } }))
  const { wanted, groups, services, nodes } = statusOf(configuration)
  expect(wanted?.map(({ what, intent, author }) => [what, intent, author])).toEqual([
    ['group web', 'stop', 'alice'],
    ['node dir2', 'standby', 'alice'],
    ['server rs1 of service http', 'drain', 'alice'],
  ])
  // Whether it is stopped already, nobody told.
  expect(groups[0]).toMatchObject({ state: 'unknown', wanted: { intent: 'stop' } })
  expect(services[0]?.realservers.map(({ state }) => state)).toEqual(['draining', undefined, undefined])
  expect(nodes.map(({ standby }) => standby)).toEqual([false, true, false, false, false])
})
