/** `GET /metrics` and `GET /v1/status` at the port for people: for whoever may look, and nobody else; failed logins are counted. */
import { request } from 'node:https'
import type { MetricsQuery } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { hostOf } from '../../../../test/kit/configuration.ts'
import { AUTHORITY, HOST, logIn, startPeople, type TestPeople, withToken, withUser } from './fixture.ts'

const host = {
  ...hostOf(),
  metrics: (wanted: MetricsQuery) => `# ${JSON.stringify(wanted)}\n# TYPE lvsm_raft_term gauge\nlvsm_raft_term 7\n`,
  clusterEvents: () => ({
    events: [{ at: '2026-11-27T20:00:00.000Z', node: 'rs1', group: '', kind: 'note', number: 0, reason: 'it began' }],
  }),
}

function textOf({ port }: TestPeople, headers: Readonly<Record<string, string>>, query = '') {
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const options = { host: HOST, port, path: `/metrics${query}`, headers, agent: false, ca: AUTHORITY.certificate }
    const outgoing = request(options, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => (text += String(chunk)))
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, type: String(incoming.headers['content-type']), text }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

test('a viewer reads metrics, events and status; a stranger reads none of them', async () => {
  const people = await startPeople({ host })
  const headers = await withToken(people, 'viewer')
  expect(await textOf(people, headers)).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    text: host.metrics({}),
  })
  expect((await textOf(people, headers, '?realservers=no&job=lvsm')).text).toBe(host.metrics({ realservers: 'no' }))
  expect(await textOf(people, headers, '?realservers=perhaps')).toMatchObject({ status: 400 })
  expect((await textOf(people, {})).status).toBe(401)
  expect(await people.ask('GET', '/v1/events', { headers })).toMatchObject({ status: 200, value: host.clusterEvents() })
  // There is no configuration that it knows of.
  expect(await people.ask('GET', '/v1/status', { headers })).toMatchObject({ status: 503 })
  for (const path of ['/v1/status', '/v1/events']) expect(await people.ask('GET', path)).toMatchObject({ status: 401 })
})

test('wrong passwords and tokens are counted, right ones are not', async () => {
  const people = await startPeople()
  await withUser(people, 'alice', 'viewer')
  await logIn(people, 'alice')
  await logIn(people, 'alice', 'wrong password')
  await people.ask('GET', '/v1/session', { headers: await withToken(people, 'viewer') })
  await people.ask('GET', '/v1/session', { headers: { authorization: 'Bearer nonsense' } })
  await people.ask('GET', '/v1/session', { headers: await withToken(people, 'viewer', { until: 1 }) })
  expect(Object.fromEntries(people.counts)).toEqual({ 'login-password': 1, 'login-token': 2 })
})
