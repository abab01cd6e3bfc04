/** Each reason for which a machine does not join: its sentence, its way out, and nothing that was changed. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority } from '@lvsm/trust'
import type { ReachBody } from '@lvsm/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Reach } from '../../../coordinator/adapters/api/people/reach.ts'
import { JOIN_REFUSALS, type JoinRefusal } from '../src/setup/refusals.ts'
import { lvsm } from './agent.ts'
import { type Answers, AUTHORITY, closePorts, DOOR, openPort, preview, refusal, tokenFor } from './door.ts'

let home = ''
const closers: (() => void)[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-refusals-'))
})
afterEach(() => {
  closePorts()
  for (const close of closers.splice(0)) close()
  rmSync(home, { recursive: true, force: true })
})
const at = (...names: string[]): string => join(home, ...names)
const run = (token: string, ...words: string[]) => {
  const where = ['--etc', at('etc'), '--state-dir', at('state'), '--coordinator-state-dir', at('coordinator')]
  return lvsm(['join', token, ...where, '--no-start', '--coordinator-run-dir', at('run'), '--name', 'rs9', ...words])
}

/** Ports that nobody has, for as long as this test lasts: below those that the system gives. */
let port = 9000 + (process.pid % 20_000)
interface Here {
  /** Where the machine is to be. */
  readonly host: string
  readonly udp: number
  readonly roles: string[]
}
/** A coordinator that tries back for real, and listens for nodes. */
async function coordinator(here: Partial<Here> = {}, answers: Answers = {}) {
  const { host = '127.0.0.7', udp = ++port, roles = ['realserver'] } = here
  const nodes = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  closers.push(() => nodes.close())
  await once(nodes, 'listening')
  const bound = nodes.address()
  const own = { host: '127.0.0.1', port: typeof bound === 'object' && bound ? bound.port : 0 }
  const shown = () =>
    preview({
      present: true,
      node: { roles, links: [{ name: 'heartbeat', address: host, port: udp }] },
      coordinators: [{ addresses: [own], key: 'cd'.repeat(32) }],
    })
  const reach = new Reach()
  const tried = (body: ReachBody) => reach.try(body)
  const { to, asked } = await openPort({
    ...DOOR,
    '/v1/join/preview': [shown],
    '/v1/join/reach': [tried],
    '/v1/join': [refusal('the-end', 'that was all')],
    ...answers,
  })
  return { token: tokenFor(to), asked, own, udp, nodes }
}
const lineOf = (code: JoinRefusal, detail: string): string =>
  `lvsm: ${JOIN_REFUSALS[code].says}${detail === '' ? '' : `: ${detail}`}\n  → ${JOIN_REFUSALS[code].wayOut}\n`

/** Those that are tested below, each with how it comes about. */
const HERE = new Set<JoinRefusal>([
  ...(['no-token', 'already-a-node', 'wrong-cluster', 'clock-off', 'no-coordinator'] as const),
  ...(['address-absent', 'port-in-use', 'port-closed', 'other-version', 'node-otherwise'] as const),
])
const codes = Object.keys(JOIN_REFUSALS) as JoinRefusal[]

describe('a refusal of the coordinators', () => {
  it.each(codes.filter((code) => !HERE.has(code)))(
    '%s has its sentence, what they say of it, and a way out',
    async (code) => {
      const { token } = await coordinator({}, { '/v1/join/preview': [refusal(code, 'as they say')] })
      const ended = await run(token)
      expect(ended.err).toBe(lineOf(code, 'as they say'))
      expect(ended.code).toBe(code === 'no-leader' ? 3 : 1)
      expect(existsSync(at('state'))).toBe(false)
    },
  )
  it('that is on no list is told as they say it', async () => {
    const { token } = await coordinator({}, { '/v1/join/preview': [refusal('news', 'the moon is wrong')] })
    expect((await run(token)).err).toMatch(/^lvsm: the coordinators do not let it in: the moon is wrong\n {2}→ /)
  })
})

describe('on this machine', () => {
  it('no-token', async () => {
    expect(await run('lvsm.eyJ2Ijox')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no token: it was cut off/),
    })
  })
  it('already-a-node', async () => {
    mkdirSync(at('state'))
    writeFileSync(at('state', 'node.json'), '{}')
    const { token, asked } = await coordinator()
    expect(await run(token)).toMatchObject({ code: 1, err: lineOf('already-a-node', at('state', 'node.json')) })
    expect(JOIN_REFUSALS['already-a-node'].wayOut).toContain('lvsm leave')
    expect([asked, readFileSync(at('state', 'node.json'), 'utf8')]).toEqual([[], '{}'])
  })
  it('wrong-cluster', async () => {
    const other = await makeAuthority('lab')
    const { to, asked } = await openPort({ '/v1/authority': [{ authority: other.certificate }] })
    expect(await run(tokenFor(to))).toMatchObject({ code: 1, err: lineOf('wrong-cluster', `127.0.0.1:${to.port}`) })
    expect(asked).toEqual([])
  })
  it.each([
    [
      'behind',
      { notBefore: new Date(Date.now() + 86_400_000), notAfter: new Date(Date.now() + 864_000_000) },
      /not yet valid/,
    ],
    ['ahead', { notBefore: new Date(0), notAfter: new Date(60_000) }, /expired/],
  ])('clock-off: %s', async (_, life, why) => {
    const { to, asked } = await openPort(DOOR, ['127.0.0.1'], AUTHORITY, life)
    const { code, err } = await run(tokenFor(to))
    expect([code, asked]).toEqual([1, []])
    expect(err).toMatch(why)
    expect(err).toContain(`127.0.0.1:${to.port}: `)
    expect(err).toContain(JOIN_REFUSALS['clock-off'].wayOut)
  })
  it('no-coordinator: each address, and why', async () => {
    const { code, err } = await run(tokenFor({ host: '127.0.0.1', port: 1 }, { host: '127.0.0.2', port: 2 }))
    expect(code).toBe(3)
    expect(err).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED.*; 127\.0\.0\.2:2: .*ECONNREFUSED/)
    expect(err).toContain(JOIN_REFUSALS['no-coordinator'].wayOut)
  })
  it('other-version', async () => {
    const { token } = await coordinator({}, { '/v1/join/preview': [{ news: 1 }] })
    expect(await run(token)).toMatchObject({ code: 3, err: expect.stringMatching(/of another version: status 200/) })
  })
  it('address-absent', async () => {
    const { token } = await coordinator({ host: '192.0.2.9' })
    expect(await run(token)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no network of this machine has the address: 192\.0\.2\.9; it has \S+[^]*--address/),
    })
  })
  it('port-in-use', async () => {
    const { token, udp } = await coordinator()
    const taken = createSocket('udp4')
    closers.push(() => taken.close())
    taken.bind(udp, '127.0.0.7')
    await once(taken, 'listening')
    const ended = await run(token)
    expect(ended.err).toContain(lineOf('port-in-use', `UDP 127.0.0.7:${udp}`))
    expect(ended.code).toBe(1)
  })
})

describe('a port that is closed', () => {
  it('none is: it goes on, and says before what it will change', async () => {
    const listen = [++port, ++port]
    const { token } = await coordinator({ roles: ['director'] })
    const ended = await run(token, '--listen', `127.0.0.7:${listen[0]}`, '--api', `127.0.0.7:${listen[1]}`)
    expect(ended.err).toMatch(/that was all/)
    for (const words of ['node.json', 'starts nothing', `127.0.0.7:${listen[0]}`]) expect(ended.err).toContain(words)
    expect(ended.err).not.toMatch(/warning/)
  })
  it('UDP towards this machine', async () => {
    const deaf = { from: '192.0.2.1', answered: false, tcp: [] }
    const { token, udp, asked } = await coordinator({}, { '/v1/join/reach': [deaf] })
    const ended = await run(token)
    expect(ended.err).toContain(lineOf('port-closed', `UDP from 192.0.2.1 to 127.0.0.7:${udp}: nothing arrived`))
    expect(ended.code).toBe(1)
    expect(asked.map(({ path }) => path)).toEqual(['/v1/join/preview', '/v1/join/reach'])
    expect((await run(token, '--no-probe')).err).toMatch(/that was all/)
  })
  it('UDP from this machine: a doubt, since answers may be let through otherwise than heartbeats', async () => {
    const reach = new Reach()
    const unheard = async (body: ReachBody) => ({ ...(await reach.try(body)), answered: false })
    const { token, udp } = await coordinator({}, { '/v1/join/reach': [unheard] })
    expect((await run(token)).err).toMatch(
      new RegExp(`warning: UDP from 127\\.0\\.0\\.7:${udp} to 127\\.[0-9.]+: no answer arrived[^]*that was all`),
    )
  })
  it('TCP towards this machine, where it is to be a coordinator', async () => {
    const reach = new Reach()
    const closed = async (body: ReachBody) => ({ ...(await reach.try(body)), tcp: [null, 'no answer within 2 s'] })
    const { token } = await coordinator({ roles: ['director'] }, { '/v1/join/reach': [closed] })
    const [listen, api] = [++port, ++port]
    const { err } = await run(token, '--listen', `127.0.0.7:${listen}`, '--api', `127.0.0.7:${api}`)
    expect(err).toMatch(
      new RegExp(`a port is closed: TCP from 127[0-9.]+ to 127\\.0\\.0\\.7:${api}: no answer within 2 s\n`),
    )
  })
  it('TCP towards the coordinators', async () => {
    const { token, own, nodes } = await coordinator()
    nodes.close()
    await once(nodes, 'close')
    expect((await run(token)).err).toMatch(
      new RegExp(`a port is closed: TCP from here to 127\\.0\\.0\\.1:${own.port}: .*ECONNREFUSED`),
    )
  })
})
