/** What somebody who may look, and no more, can make a coordinator do. */
import { expect, it } from 'vitest'
import { hostOf, MemoryConfiguration, SAMPLE_DOCUMENT } from '../../../test/kit/configuration.ts'
import { LONGEST_LOOK } from '../../api/request.ts'
import { askRoute } from './gate.ts'

const ROLES = ['viewer', 'operator', 'admin'] as const
function gate() {
  const crashed = (error: unknown): never => {
    throw error
  }
  return { configuration: new MemoryConfiguration(), host: hostOf(), wallClock: () => 0, crashed }
}
const preview = (role: (typeof ROLES)[number], body: unknown, asked = gate()) =>
  askRoute(
    asked,
    'preview',
    { name: 'ann', role, from: '10.0.0.9' },
    { url: '/v1/config/preview', text: JSON.stringify(body), ifMatch: undefined },
  )
const WEIGHT = {
  command: {
    verb: 'set',
    noun: 'server',
    which: { service: 'http', server: 'rs1' },
    values: { weight: 5 },
    model: 1,
  },
}

it('text is read for who may make the change: it takes long', async () => {
  const status = async (role: (typeof ROLES)[number]) =>
    (await preview(role, { change: { yaml: SAMPLE_DOCUMENT }, base: 1 })).status
  expect(await Promise.all(ROLES.map(status))).toEqual([403, 403, 200])
})

it('others may ask as much as a document of some size has', async () => {
  const long = { change: { command: { verb: 'apply', file: 'x'.repeat(LONGEST_LOOK), model: 1 } }, base: 1 }
  const answers = await Promise.all(ROLES.map((role) => preview(role, long)))
  expect(answers.map(({ status }) => status)).toEqual([413, 413, 422])
  expect(await preview('viewer', { change: WEIGHT, base: 1 })).toMatchObject({ status: 200 })
})

it('what an answer takes counts', async () => {
  const asked = gate()
  expect(await preview('viewer', { change: WEIGHT, base: 1 }, asked)).toMatchObject({ status: 200 })
  asked.host.tempo.spent({ name: 'ann', role: 'viewer', from: '10.0.0.9' }, 60_000, performance.now())
  expect(await preview('viewer', { change: WEIGHT, base: 1 }, asked)).toMatchObject({ status: 429 })
  expect(await preview('admin', { change: WEIGHT, base: 1 }, asked)).toMatchObject({ status: 200 })
})

it('who asks without end for what he may not fills no log, and every time hears why not', async () => {
  const lines: string[] = []
  const asked = { ...gate(), host: hostOf((line) => lines.push(line)) }
  const mallory = { name: 'mallory on rs1', role: 'viewer', from: 'node rs1' } as const
  const change = { url: '/v1/config/change', text: '{}', ifMatch: undefined }
  const statuses = new Set<number>()
  for (let at = 0; at < 500; at++) statuses.add((await askRoute(asked, 'change', mallory, change)).status)
  expect([...statuses]).toEqual([403])
  expect(lines.length).toBeLessThan(70)
  const [newest] = asked.host.audit.present()
  expect(newest).toMatchObject({ who: 'mallory on rs1', what: 'POST /v1/config/change', status: 403 })
  expect(newest?.result).toMatch(/^and 4[34]\d more within 1 s, not written down one by one: not-allowed$/)
})

it('what is refused while it is read is written down no more often', async () => {
  const lines: string[] = []
  const asked = { ...gate(), host: hostOf((line) => lines.push(line)) }
  for (let at = 0; at < 300; at++) await preview('viewer', { change: { yaml: '' }, base: 1 }, asked)
  expect(lines.length).toBeLessThan(70)
})

it('what an answer takes counts on every route that only looks, and is refused there', async () => {
  const asked = gate()
  const ann = { name: 'ann', role: 'viewer', from: '10.0.0.9' } as const
  const history = () =>
    askRoute(asked, 'history', ann, { url: '/v1/config/history?limit=200', text: '', ifMatch: undefined })
  expect(await history()).toMatchObject({ status: 200 })
  asked.host.tempo.spent(ann, 6000, performance.now())
  expect(await history()).toMatchObject({ status: 429 })
})

it('many that are asked at the same time are answered until the time is used up', async () => {
  const asked = gate()
  const ann = { name: 'ann', role: 'viewer', from: '10.0.0.9' } as const
  const all = Array.from({ length: 5 }, async () =>
    askRoute(asked, 'history', ann, { url: '/v1/config/history', text: '', ifMatch: undefined }),
  )
  asked.host.tempo.spent(ann, 60_000, performance.now())
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual([429, 429, 429, 429, 429])
})

it('what an administrator did says to whom, and no secret', async () => {
  const lines: string[] = []
  const asked = { ...gate(), host: hostOf((line) => lines.push(line)) }
  const ann = { name: 'ann', role: 'admin', from: '10.0.0.9' } as const
  const ask = (route: 'userAdd' | 'userPassword', body: object) =>
    askRoute(asked, route, ann, { url: '/', text: JSON.stringify(body), ifMatch: undefined })
  await ask('userAdd', { name: 'bob', role: 'operator' })
  await ask('userPassword', { name: 'bob', password: 'correct horse battery' })
  expect(asked.host.audit.present().map(({ what }) => what)).toEqual([
    'POST /v1/users/password name=bob',
    'POST /v1/users/add name=bob role=operator',
  ])
  expect(lines.join('\n')).not.toMatch(/horse/)
})
