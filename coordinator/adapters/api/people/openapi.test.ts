/** What the API says of itself: all of it, and nothing that its answers do not keep. */
import { type ClusterRates, CONFIG_ROUTES, PEOPLE_ROUTES, type Status, statusReport } from '@lvsm/protocol'
import { makeKeyPair } from '@lvsm/trust'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { hostOf } from '../../../../test/kit/configuration.ts'
import { RECORDED } from '../../../../test/wire/recorded.ts'
import { PASSWORD, startPeople, tokenOf, weightChange, withToken, withUser } from './fixture.ts'

interface Operation {
  readonly operationId: string
  readonly security?: readonly unknown[]
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } }
  readonly responses: Readonly<
    Record<string, { readonly content: { readonly 'application/json': { readonly schema: object } } }>
  >
}
interface Said {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
const ROUTES = { ...CONFIG_ROUTES, ...PEOPLE_ROUTES }

/** As a client that knows nothing but the document reads it. */
function reader(said: Said) {
  const local = (value: object): string => JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/')
  const $defs = JSON.parse(local(said.components.schemas)) as object
  return (schema: object, value: unknown): string | null => {
    const read = z.fromJSONSchema({ ...JSON.parse(local(schema)), $defs }).safeParse(value)
    return read.success ? null : z.prettifyError(read.error)
  }
}
const schemaOf = ({ responses }: Operation, status: string): object =>
  (responses[status] ?? responses['default'])?.content['application/json'].schema ?? {}

const TRAFFIC = { connections: 77, inPackets: 770, outPackets: 0, inBytes: 77_000, outBytes: 0 }
const RATES: ClusterRates = {
  ...{ cluster: 'lab', node: 'dir1' },
  nodes: [
    {
      ...{ name: 'dir1', roles: ['director'], ageMs: 1200, reason: '', directs: TRAFFIC, serves: null },
      ...{ active: null, inactive: null },
    },
  ],
  services: [{ name: 'http', group: 'web', owner: 'dir1', rates: TRAFFIC, active: 3, inactive: 1, reason: '' }],
}
/** The recorded one, of a cluster that lives. */
const recorded = RECORDED.find(({ kind }) => kind === 'clusterStatus')?.value
const CLUSTER: Status = statusReport.parse(recorded)

async function opened() {
  const people = await startPeople({ host: { ...hostOf(), clusterStatus: () => CLUSTER, clusterRates: () => RATES } })
  const { value } = await people.ask('GET', '/v1/openapi.json')
  const said = value as Said
  return { people, said, fault: reader(said) }
}

it('has every row of the tables, with who may, and every reference leads somewhere', async () => {
  const { said } = await opened()
  expect(said.openapi).toBe('3.1.0')
  for (const [name, { method, path, role, body }] of Object.entries(ROUTES)) {
    const operation = said.paths[path]?.[method.toLowerCase()]
    expect(operation).toMatchObject({ operationId: name })
    expect([name, operation?.security]).toEqual([name, role === null ? [] : undefined])
    expect([name, operation?.requestBody !== undefined]).toEqual([name, body !== null])
  }
  const operations = Object.values(said.paths).flatMap((one) => Object.values(one))
  expect(operations).toHaveLength(Object.keys(ROUTES).length)
  expect(said.paths['/v1/config/revision']?.['get']?.parameters).toMatchObject([
    { name: 'number', required: true },
    { name: 'stale', required: false },
  ])
  const references = [...JSON.stringify(said).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to)
  expect(new Set(references)).toEqual(new Set(['#/components/schemas/Json', '#/components/schemas/Refused']))
  expect(JSON.stringify(said)).not.toMatch(/readOnly|\$defs/)
})

/** In this order: later ones have something to show of those before. */
const BODIES: Readonly<Record<string, object>> = {
  change: weightChange(5),
  preview: weightChange(6),
  intent: intent('drain'),
  intentPreview: intent('enable'),
  tokenCreate: { uses: 2 },
  userAdd: { name: 'carol', role: 'viewer' },
  userSet: { name: 'carol', role: 'operator' },
  userPassword: { name: 'carol', password: 'long enough' },
  ownPassword: { user: 'alice', old: PASSWORD, password: PASSWORD },
  userRemove: { name: 'carol' },
  coordinatorRemove: { which: 'dir2' },
  finalize: { version: null },
  apiTokenCreate: { name: 'backup', role: 'viewer' },
  login: { user: 'alice', password: PASSWORD },
}
function intent(verb: string) {
  const subject = { kind: 'server', node: 'rs1', service: null }
  return { command: { model: 1, verb, subject, forMs: null, comment: '' } }
}
const QUERIES: Readonly<Record<string, string>> = {
  document: '?yaml=true',
  next: '?after=0',
  revision: '?number=1',
  diff: '?from=1&to=2',
  recorded: '?ago=0',
}

it('a real answer of each route is what it says, and so is what was asked', async () => {
  const { people, said, fault } = await opened()
  await withUser(people, 'alice', 'admin')
  const headers = await withToken(people, 'admin')
  const token = await tokenOf(people, { uses: 5 })
  const machine = { token, name: 'rs1', node: null, model: 1 }
  const bodies: Record<string, object> = {
    ...BODIES,
    tokenRevoke: { id: token.id },
    joinPreview: machine,
    joinReach: { token, name: 'rs1', udp: { host: '127.0.0.1', port: 9 }, tcp: [], word: '5a'.repeat(16) },
    join: { ...machine, key: makeKeyPair().publicKey },
  }
  const last = ['tokenRevoke', 'apiTokenRemove']
  const names = Object.keys(ROUTES).toSorted((a, b) => last.indexOf(a) - last.indexOf(b))
  const first = ['change', 'intent', 'tokenCreate', 'userAdd', 'apiTokenCreate']
  for (const name of [...first, ...names.filter((one) => !first.includes(one))]) {
    const { method, path, body } = ROUTES[name as keyof typeof ROUTES]
    const operation = said.paths[path]?.[method.toLowerCase()]
    if (!operation) throw new Error(`${path} is not there`)
    if (name === 'apiTokenRemove') {
      const { value } = await people.ask('GET', '/v1/api-tokens', { headers })
      const { tokens } = value as { tokens: { id: string; name: string }[] }
      bodies[name] = { id: tokens.find((one) => one.name === 'backup')?.id }
    }
    const asked = body === null ? {} : { body: bodies[name] }
    if (operation.requestBody)
      expect([name, fault(operation.requestBody.content['application/json'].schema, bodies[name])]).toEqual([
        name,
        null,
      ])
    const heard = await people.ask(method, `${path}${QUERIES[name] ?? ''}`, { headers, ...asked })
    expect([name, heard.status, JSON.stringify(heard.value)]).toEqual([name, 200, expect.any(String)])
    expect([name, fault(schemaOf(operation, '200'), heard.value)]).toEqual([name, null])
    // What it says is no empty word.
    expect([name, fault(schemaOf(operation, '200'), 7)]).not.toEqual([name, null])
  }
})

it('a refusal, and a write whose end is not known, are what it says', async () => {
  const { people, said, fault } = await opened()
  const headers = await withToken(people, 'admin')
  const operation = said.paths['/v1/config/change']?.['post']
  if (!operation) throw new Error('it is not there')
  const refused = await people.ask('POST', '/v1/config/change', { headers, body: weightChange(-1) })
  expect([refused.status, fault(schemaOf(operation, '422'), refused.value)]).toEqual([422, null])
  expect(fault(schemaOf(operation, '422'), { refusals: 'none' })).not.toBeNull()
  people.configuration.weather = 'lost'
  const unknown = await people.ask('POST', '/v1/config/change', { headers, body: weightChange(9) })
  expect([unknown.status, fault(schemaOf(operation, '202'), unknown.value)]).toEqual([202, null])
})
