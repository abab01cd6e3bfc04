import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { CONFIG_ROUTES, PEOPLE_ROUTES } from '@lvsm/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isDue, makeServerCertificate } from './certificate.ts'
import { AUTHORITY, HOST, startPeople, staying } from './fixture.ts'

const DAY_MS = 86_400_000
const soon = { timeout: 30_000, interval: 20 }

async function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: HOST, port, ca: AUTHORITY.certificate, ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}
/** All that comes until the other end closes. */
function rest(socket: NodeJS.ReadWriteStream): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}

describe('its certificate', () => {
  it('is of the cluster, comes with its authority, and has its addresses and names', async () => {
    const { port } = await startPeople()
    const socket = await shake(port)
    const seen = socket.getPeerCertificate(true)
    expect(seen.subjectaltname).toBe(
      'DNS:dir1.example.org, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    )
    expect(seen.issuerCertificate.raw.equals(seen.issuerCertificate.issuerCertificate.raw)).toBe(true)
    const lifeMs = Date.parse(seen.valid_to) - Date.parse(seen.valid_from)
    expect(lifeMs / DAY_MS).toBe(825)
    expect((Date.now() - Date.parse(seen.valid_from)) / DAY_MS).toBeCloseTo(1, 1)
    await shake(port, { servername: 'dir1.example.org' })
    await expect(shake(port, { servername: 'other.example.org' })).rejects.toThrow(/altnames/)
  })
  it('is made anew when a third of its life is left, or the clock was set back, and not before', async () => {
    const now = Date.now()
    const { life } = await makeServerCertificate(AUTHORITY, { node: 'dir1', hosts: [] }, now)
    const days = [-2, -0.5, 0, 548, 550, 900].map((day) => isDue(life, now + day * DAY_MS))
    expect(days).toEqual([true, false, false, false, true, true])
  })
  it('is made anew while the port is open, and those who come then see it', async () => {
    const people = await startPeople({ limits: { lookMs: 10 } })
    const before = (await shake(people.port)).getPeerCertificate().serialNumber
    people.now += 600 * DAY_MS
    await expect.poll(() => people.said.join(), soon).toMatch(/valid until/)
    const socket = await shake(people.port, { rejectUnauthorized: false })
    expect(socket.getPeerCertificate().serialNumber).not.toBe(before)
    expect(people.said).toHaveLength(1)
    // And again when that one has become old.
    people.now += 600 * DAY_MS
    await expect.poll(() => people.said.length, soon).toBe(2)
  })
  it('is a trouble while it is old and cannot be made anew', async () => {
    let fails = true
    const renew: typeof makeServerCertificate = (...asked) =>
      fails ? Promise.reject(new Error('no entropy')) : makeServerCertificate(...asked)
    const people = await startPeople({ limits: { lookMs: 10 }, renew })
    people.now += 600 * DAY_MS
    const trouble = () => people.troubles.get('people-certificate')
    await expect.poll(trouble, soon).toMatchObject({
      ...{ code: 'people-certificate', severity: 'warning' },
      message: expect.stringMatching(/ends at 20\d\d-.* cannot be made anew: no entropy$/),
    })
    fails = false
    await expect.poll(trouble, soon).toBeUndefined()
    expect(people.crashes).toEqual([])
  })
  it('is looked at no more when the port is closed', async () => {
    let looks = 0
    const wallClock = (): number => {
      looks += 1
      return Date.now()
    }
    const people = await startPeople({ limits: { lookMs: 10 }, wallClock })
    await expect.poll(() => looks, soon).toBeGreaterThan(2)
    await people.close()
    await expect
      .poll(
        staying(() => looks),
        { timeout: 10_000, interval: 200 },
      )
      .toBe(true)
  })
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const { port } = await startPeople()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect((await shake(port, { minVersion: version, maxVersion: version })).getProtocol()).toBe(version)
    await expect(shake(port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
  })
})

describe('without a user', () => {
  it('nothing of the configuration is told, and nothing is changed', async () => {
    const { ask, configuration } = await startPeople()
    for (const { method, path } of Object.values(CONFIG_ROUTES)) {
      const heard = await ask(method, path, { body: method === 'POST' ? { command: {} } : undefined })
      expect([path, heard.status]).toEqual([path, 401])
      expect(heard.value).toMatchObject({ refusals: [{ code: 'no-user' }] })
    }
    expect(configuration.log).toEqual([])
  })
  it('its health is told: 200 when it can answer, 503 when not, and nothing else', async () => {
    const { ask, configuration } = await startPeople()
    expect(await ask('GET', '/health')).toMatchObject({ status: 200, value: { status: 'ok' } })
    const { raft, members } = configuration.status()
    for (const change of [{ leader: null }, { expelled: 'removed' as const }, { disk: 'full' as const }]) {
      configuration.status = () => ({ raft: { ...raft, ...change }, members })
      expect(await ask('GET', '/health')).toMatchObject({ status: 503, value: { status: 'unavailable' } })
    }
  })
  it('every answer says that nobody keeps it or frames it', async () => {
    const { ask } = await startPeople()
    for (const path of ['/health', '/v1/config', '/nowhere'])
      expect((await ask('GET', path)).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
      })
  })
})

describe('a hostile client', () => {
  it('with a wrong method or path is told so', async () => {
    const { ask } = await startPeople()
    for (const { method, path } of Object.values(PEOPLE_ROUTES))
      for (const wrong of ['PUT', 'DELETE', 'OPTIONS', method === 'GET' ? 'POST' : 'GET'])
        expect(await ask(wrong, path)).toMatchObject({ status: 405, value: { refusals: [{ code: 'bad-method' }] } })
    for (const path of ['/', '/v1/join/../config', '/v1/Join', '/%2e%2e', '/v1/authority/'])
      expect(await ask('GET', path)).toMatchObject({ status: 404 })
  })
  it('with a body that is too long, too deep, or none, is refused', async () => {
    const { ask, crashes } = await startPeople()
    const join = (body: unknown) => ask('POST', '/v1/join', { body })
    expect(await join('x'.repeat(70_000))).toMatchObject({ status: 413 })
    expect(await join('['.repeat(50_000))).toMatchObject({ status: 400 })
    expect(await join('{')).toMatchObject({ status: 400, value: { refusals: [{ code: 'bad-json' }] } })
    expect(await join({ token: {}, extra: 1 })).toMatchObject({ status: 400 })
    // Longer than anybody reads to be polite: hung up on.
    await expect(join('x'.repeat(8 << 20))).rejects.toThrow(/EPIPE|ECONNRESET|hang up/)
    expect(crashes).toEqual([])
  })
  /** Longer than the test. */
  const LONG_MS = 600_000
  it.each<[string, object, string | null]>([
    ['its handshake', { handshake: 300 }, null],
    ['its header', { header: 300 }, 'GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['its body', { request: 300, header: 300 }, 'POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'],
  ])('that never ends %s is given up', async (_, short, text) => {
    const patienceMs = { handshake: LONG_MS, header: LONG_MS, request: LONG_MS, ...short }
    const { port } = await startPeople({ limits: { patienceMs } })
    const socket = text === null ? connectPlain(port, HOST) : await shake(port)
    if (text !== null) socket.write(text)
    let heard: string | null = null
    void rest(socket).then((all) => (heard = all))
    // Node's own patience is a minute, and more.
    await expect.poll(() => heard, soon).not.toBeNull()
    expect(heard).not.toMatch(/^HTTP\/1\.1 200/)
  })
  it('that has a handshake, and no end of connections, gets so many', async () => {
    const { port } = await startPeople({ limits: { waiting: [64, 64], open: [64, 3] } })
    const open = [await shake(port), await shake(port), await shake(port)]
    await expect(shake(port)).rejects.toThrow(/ECONNRESET|disconnected/)
    open[0]?.destroy()
    await expect.poll(() => shake(port).then(Boolean, () => false), soon).toBe(true)
  })
  it('in numbers takes no place of others', async () => {
    const people = await startPeople({ limits: { waiting: [6, 4], open: [64, 5] } })
    const open = Array.from({ length: 40 }, () => connectPlain(people.port, HOST).on('error', () => undefined))
    onTestFinished(() => open.forEach((socket) => socket.destroy()))
    await expect.poll(() => people.troubles.get('people-crowded')?.message, soon).toMatch(/127\.0\.0\.1 opens more/)
    await expect.poll(() => open.filter(({ destroyed }) => !destroyed).length, soon).toBeLessThanOrEqual(5)
    for (const socket of open) socket.destroy()
    await expect.poll(() => people.ask('GET', '/health').catch(() => null), soon).toMatchObject({ status: 200 })
  })
  it.each([
    ['plain HTTP', 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['garbage', '\u0000\u0016\u0003garbage'.repeat(99)],
  ])('with %s is hung up on', async (_, text) => {
    const { port, ask } = await startPeople()
    const socket = connectPlain(port, HOST)
    socket.end(text)
    expect(await rest(socket)).not.toContain('HTTP/1.1 200')
    expect(await ask('GET', '/health')).toMatchObject({ status: 200 })
  })
  it('with garbage inside of TLS, or an upgrade, is told and hung up on', async () => {
    const { port } = await startPeople()
    const garbage = await shake(port)
    garbage.write('\u0000'.repeat(99))
    expect(await rest(garbage)).toMatch(/^HTTP\/1\.1 400/)
    const upgrade = await shake(port)
    upgrade.write('GET /v1/config HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    expect(await rest(upgrade)).toMatch(/^HTTP\/1\.1 404/)
  })
})
