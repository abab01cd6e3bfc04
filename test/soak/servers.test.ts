/**
 * Ready-made checks against a directory, databases and mail servers as Debian has them: well, full, hung, gone, and asked at the port of another. What they say is kept
 * as fixtures, which `agent/prober/recorded.test.ts` reads: LVSM_RECORD=1 writes them anew.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../../agent/prober/fixture.ts'
import { type DebianServer, debianServers, type Served } from '../kit/debian-servers.ts'
import { eventually } from '../kit/eventually.ts'
import { type Dialogue, record, recordings, tap } from '../kit/recorded-servers.ts'

const TYPES: readonly Served[] = ['ldap', 'mysql', 'postgres', 'ftp', 'imap', 'pop3']
const START_MS = 120_000
const PATIENT_MS = 10_000
const isRecording = process.env['LVSM_RECORD'] === '1'

let servers: DebianServer[] = []
const heard = new Map<Served, Dialogue[]>()
const serverOf = (type: Served): DebianServer => {
  const found = servers.find(({ serves }) => serves.includes(type))
  if (!found) throw new Error(`no server here is asked by checks of type ${type}`)
  return found
}
const asked = (type: Served, timeoutMs = PATIENT_MS) => ask(type, serverOf(type).portOf(type), {}, timeoutMs)

beforeAll(async () => {
  servers = await debianServers()
  for (const server of servers) server.start()
  for (const type of TYPES)
    await eventually(async () => expect(await asked(type)).toMatchObject({ ok: true }), START_MS)
}, 5 * START_MS)
afterAll(async () => {
  for (const server of servers) await server.remove()
})

/** Through a tap, so that its words can be kept. */
async function overheard(type: Served, state: string): Promise<Dialogue> {
  const between = await tap(serverOf(type).portOf(type))
  try {
    const { ok, reason } = await ask(type, between.port, {}, PATIENT_MS)
    // Its last turn is the answer to the leave that a check takes.
    const said = between.said()
    const found = { state, ok: ok === true, reason, said }
    heard.set(type, [...(heard.get(type) ?? []), found])
    return found
  } finally {
    between.close()
  }
}

describe.each(TYPES)('%s', (type) => {
  test('that is well', async () => expect(await overheard(type, 'well')).toMatchObject({ ok: true }))

  test('that has all clients that it takes refuses, and says so; when they leave, it is well', async () => {
    const server = serverOf(type)
    if (!(await server.fill())) return expect(['ldap', 'imap', 'pop3']).toContain(type)
    await eventually(async () => expect(await asked(type)).toMatchObject({ ok: false }), START_MS)
    expect(await overheard(type, 'full')).toMatchObject({ ok: false, reason: expect.stringMatching(/too many/i) })
    server.empty()
    await eventually(async () => expect(await asked(type)).toMatchObject({ ok: true }), START_MS)
  })

  test('that hangs accepts connections, and fails; it goes on', async () => {
    const server = serverOf(type)
    await server.hang()
    expect((await ask('connect', server.portOf(type))).ok).toBe(true)
    const reason = expect.stringMatching(/^accepts connections, but says nothing that is wanted within 700 ms$/)
    expect(await asked(type, 700)).toEqual({ ok: false, reason })
    server.goOn()
    await eventually(async () => expect(await asked(type)).toMatchObject({ ok: true }), START_MS)
  })

  test('is not what another one says', async () => {
    for (const other of TYPES) {
      if (other === type) continue
      const { ok } = await ask(type, serverOf(other).portOf(other), {}, 1500)
      expect([other, ok]).toEqual([other, false])
    }
  })
})

test('what they say is as it was recorded', () => {
  const shapeOf = ({ state, ok, said }: Dialogue): string =>
    `${state} ${ok}: ${said.map((turn) => (turn === '' ? 'nothing' : 'something')).join(', ')}`
  for (const type of TYPES) {
    const dialogues = heard.get(type) ?? []
    if (isRecording) record({ server: serverOf(type).version, type, dialogues })
    const kept = recordings().find((one) => one.type === type)
    expect(dialogues.map(shapeOf)).toEqual(kept?.dialogues.map(shapeOf))
  }
})

test('one that is gone is refused', async () => {
  for (const server of servers) await server.stop()
  for (const type of TYPES)
    expect(await asked(type)).toEqual({ ok: false, reason: expect.stringMatching(/^connection refused/) })
})
