/** `lvsm init` and `lvsm join` as processes; `lvsm-coordinator` stands in as a program that notes what it was told. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeNodeIdentity, decodeOwnHalves, type JoinReport, OWN_HALVES } from '@lvsm/protocol'
import { checkConfig } from '@lvsm/model'
import { fingerprintOfKey, makeAuthority } from '@lvsm/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lvsm } from './agent.ts'
import {
  type Answers,
  AUTHORITY,
  closePorts,
  COORDINATORS,
  DOOR,
  HANGS_UP,
  ID,
  notNow,
  openPort,
  preview,
  refusal,
  RS9,
  SECRET,
  tokenFor,
} from './door.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-setup-'))
  program(0, '')
})
afterEach(() => {
  closePorts()
  rmSync(home, { recursive: true, force: true })
})
const at = (...names: string[]): string => join(home, ...names)
/** `lvsm-coordinator`: notes its words, and the file of --found, and ends so. */
function program(code: number, said: string): void {
  mkdirSync(at('bin'), { recursive: true })
  const lines = [
    '#!/bin/sh',
    `printf '%s\\n' "$@" > ${at('words')}`,
    `[ "$1" = --found ] && cp "$2" ${at('first.yaml')} && cat > ${at('typed')}`,
    `printf '%b' '${said}'`,
    `exit ${code}`,
  ]
  writeFileSync(at('bin', 'lvsm-coordinator'), lines.join('\n'))
  chmodSync(at('bin', 'lvsm-coordinator'), 0o755)
  writeFileSync(at('bin', 'lvsm-lease'), `#!/bin/sh\necho "$@" > ${at('set-up')}\n`)
  chmodSync(at('bin', 'lvsm-lease'), 0o755)
}
const run = (...words: string[]) => {
  const where = ['--etc', at('etc'), '--state-dir', at('state'), '--coordinator-state-dir', at('coordinator')]
  return lvsm([...words, ...where, '--no-start', '--coordinator-run-dir', at('run')], {
    PATH: `${at('bin')}:${process.env['PATH']}`,
  })
}
const halves = () => decodeOwnHalves(readFileSync(at('state', OWN_HALVES), 'utf8')) ?? []
const words = (): string[] => readFileSync(at('words'), 'utf8').trim().split('\n')

/** Of a machine that has not got that address yet. */
const FIRST = ['--cluster', 'lab', '--name', 'dir1', '--address', '10.12.0.1', '--no-probe']
function passwordFile(text: string): string {
  writeFileSync(at('password'), `${text}\n`)
  return at('password')
}
describe('lvsm init', () => {
  const begin = (...more: string[]) => run('init', ...FIRST, '--password-file', passwordFile('correct horse'), ...more)
  it('makes a key, and lets the coordinator begin with a document that has this node, who votes', async () => {
    const { code, out, err } = await begin()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^cluster lab begins here, on dir1\nnext: start lvsm-coordinator, .*\npeople: https:\/\/10\.12\.0\.1:7445, as admin\nnext: lvsm token create/,
    )
    expect(readFileSync(at('typed'), 'utf8')).toBe('correct horse\n')
    const key = at('etc', 'heartbeat.key')
    expect(readFileSync(key, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
    expect(statSync(key).mode & 0o777).toBe(0o600)
    const { config } = checkConfig(readFileSync(at('first.yaml'), 'utf8'))
    expect(config).toMatchObject({ cluster: 'lab', revision: 1, keys: [{ algorithm: 'sha256' }], groups: [] })
    expect(config?.nodes).toMatchObject([{ name: 'dir1', roles: ['director'], voter: true }])
    expect(words()).toEqual([
      ...[
        '--found',
        at('etc', 'first.yaml'),
        '--node',
        'dir1',
        '--listen',
        '10.12.0.1:7446',
        '--api',
        '10.12.0.1:7445',
        '--admin',
        'admin',
      ],
      ...['--identity', at('state', 'node.json'), '--state-dir', at('coordinator'), '--run-dir', at('run')],
    ])
    expect(existsSync(at('etc', 'first.yaml'))).toBe(false)
    expect(readFileSync(at('set-up'), 'utf8')).toBe(`--set-up --state-dir ${at('state')}\n`)
  })
  it('takes other ports, roles and methods', async () => {
    const options = [
      '--port',
      '7000',
      '--auth',
      'sha1',
      '--role',
      'witness',
      '--api',
      '10.9.0.1:1',
      '--listen',
      '10.9.0.1:2',
    ]
    expect((await begin(...options)).code).toBe(0)
    const { config } = checkConfig(readFileSync(at('first.yaml'), 'utf8'))
    expect(config?.nodes[0]).toMatchObject({ roles: ['witness'], links: [{ port: 7000 }] })
    expect(config?.keys[0]?.algorithm).toBe('sha1')
    expect(words().slice(4, 8)).toEqual(['--listen', '10.9.0.1:2', '--api', '10.9.0.1:1'])
    expect((await begin('--api', '10.9.0.1')).code).toBe(0)
    expect(words().slice(6, 8)).toEqual(['--api', '10.9.0.1:7445'])
  })
  it('leaves a key that is there, and takes back one that it made for nothing', async () => {
    program(78, 'there is a cluster already\\n  → leave it\\n')
    const failed = await begin()
    expect(failed).toEqual({
      code: 1,
      out: '',
      err: 'lvsm: lvsm-coordinator: there is a cluster already\n  → leave it\n',
    })
    expect(existsSync(at('etc', 'heartbeat.key'))).toBe(false)
    writeFileSync(at('etc', 'heartbeat.key'), `${'ab'.repeat(32)}\n`)
    await begin()
    expect(readFileSync(at('etc', 'heartbeat.key'), 'utf8')).toBe(`${'ab'.repeat(32)}\n`)
  })
  it.each<[string, string[], RegExp]>([
    ['an address that is none', ['--address', '10.12.0'], /--address 10\.12\.0: .*\n {2}→ /],
    ['a name that is none', ['--name', 'a b'], /a b/],
    ['a cluster that is none', ['--cluster', ''], /--cluster/],
    ['a method that is none', ['--auth', 'rot13'], /rot13/],
    ['a port that is none', ['--port', '70000'], /a port is needed/],
    ['no place for people', ['--api', 'here'], /--api here .*\n {2}→ write 10\.12\.0\.1, or 10\.12\.0\.1:7445/],
    ['no password', ['--password-file', '/dev/null'], /8 characters/],
  ])('refuses %s, and makes nothing', async (_, more, said) => {
    const { code, err } = await begin(...more)
    expect(err).toMatch(said)
    expect(code).toBe(2)
    expect([existsSync(at('etc')), existsSync(at('words'))]).toEqual([false, false])
  })
  it('asks for nothing but the password, and makes nothing where nobody can be asked for it', async () => {
    const { code, err } = await run('init', ...FIRST)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/no terminal[^]*--password-file/) })
    expect([existsSync(at('etc')), existsSync(at('words'))]).toEqual([false, false])
  })
  it('refuses an address that the machine does not have, and names those that it has', async () => {
    const words = FIRST.filter((word) => word !== '--no-probe')
    const { code, err } = await run('init', ...words, '--password-file', passwordFile('correct horse'))
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/the address: 10\.12\.0\.1; it has (none at which|\d).*\n {2}→ .*--address ADDRESS/),
    })
    expect([existsSync(at('etc')), existsSync(at('state')), existsSync(at('words'))]).toEqual([false, false, false])
  })
  it('is refused on a node of a cluster', async () => {
    mkdirSync(at('state'))
    writeFileSync(at('state', 'node.json'), '{}')
    expect(await begin()).toMatchObject({
      code: 1,
      err: expect.stringMatching(/a node of a cluster already[^]*lvsm leave --force/),
    })
    expect(existsSync(at('words'))).toBe(false)
  })
})

const report = (more: Partial<JoinReport> = {}): JoinReport => ({
  cluster: 'lab',
  name: 'rs9',
  certificate: 'a certificate',
  authority: AUTHORITY.certificate,
  coordinators: COORDINATORS,
  keys: [{ id: 1, file: at('etc', 'heartbeat.key'), digits: 'ef'.repeat(32) }],
  revision: 7,
  ...more,
})
const open = (answers: Answers) =>
  openPort({ ...DOOR, '/v1/join/preview': [refusal('unknown-node'), preview()], '/v1/join': [report()], ...answers })
const HERE = ['--name', 'rs9', '--address', '10.12.0.19', '--no-probe']

describe('lvsm join', () => {
  it('is a node with an identity, a key of its own and the key of the heartbeats', async () => {
    const { asked, to } = await open({})
    const { code, out, err } = await run('join', tokenFor({ host: '127.0.0.1', port: 1 }, to), ...HERE)
    expect(code).toBe(0)
    expect(err).toMatch(/writes .*node\.json[^]*starts nothing/)
    expect(out).toBe(
      'rs9 is a node of cluster lab, at revision 7\nnext: start lvsm-lease, lvsm-agent here (systemd does not run on it)\n',
    )
    expect(asked.map(({ path }) => path)).toEqual(['/v1/join/preview', '/v1/join/preview', '/v1/join'])
    expect(asked[2]?.body).toMatchObject({ token: { id: ID, secret: SECRET }, name: 'rs9', node: RS9, model: 1 })
    const [half] = halves()
    expect(half?.public).toMatch(/^[0-9a-f]{64}$/)
    expect(asked.map(({ body }) => body.heartbeat)).toEqual([undefined, undefined, half?.public])
    expect(statSync(at('state', OWN_HALVES)).mode & 0o777).toBe(0o600)
    const identity = decodeNodeIdentity(readFileSync(at('state', 'node.json'), 'utf8'))
    expect(identity).toMatchObject({
      cluster: 'lab',
      node: 'rs9',
      certificate: 'a certificate',
      coordinators: COORDINATORS,
    })
    expect(fingerprintOfKey(identity?.privateKey ?? '')).toBe(fingerprintOfKey(asked[2]?.body.key ?? ''))
    expect(readFileSync(at('etc', 'heartbeat.key'), 'utf8')).toBe(`${'ef'.repeat(32)}\n`)
    for (const path of [at('state', 'node.json'), at('etc', 'heartbeat.key')])
      expect(statSync(path).mode & 0o777).toBe(0o600)
    expect([existsSync(at('state', 'node.key')), existsSync(at('words'))]).toEqual([false, false])
    expect(readFileSync(at('set-up'), 'utf8')).toBe(`--set-up --state-dir ${at('state')}\n`)
  })
  it('is heard at another port where it is told to be, and gives up an answer without end', async () => {
    const { asked, to } = await open({})
    expect((await run('join', tokenFor(to), ...HERE, '--port', '7000')).code).toBe(0)
    const links = [{ name: 'heartbeat', address: '10.12.0.19', port: 7000 }]
    expect(asked.at(-1)?.body).toMatchObject({ node: { roles: ['realserver'], links } })
    rmSync(at('state'), { recursive: true })
    const endless = await open({ '/v1/join/preview': [{ refusals: [{ code: 'x'.repeat(5 << 20), message: '' }] }] })
    expect((await run('join', tokenFor(endless.to), ...HERE)).err).toMatch(/the answer is too long/)
  })
  it('is the node that the configuration has, where it has one', async () => {
    const { asked, to } = await open({ '/v1/join/preview': [preview({ present: true })] })
    expect((await run('join', tokenFor(to), '--name', 'rs9', '--no-probe')).code).toBe(0)
    expect(asked.map(({ body }) => body.node)).toEqual([null, null])
    // A vote that was lent under that name may live: its voter waits, as after a loss of its state.
    expect(existsSync(at('set-up'))).toBe(false)
  })
  it('refuses what the configuration has otherwise, and says both', async () => {
    const { asked, to } = await open({ '/v1/join/preview': [preview({ present: true })] })
    const role = await run('join', tokenFor(to), '--name', 'rs9', '--role', 'director', '--no-probe')
    expect(role).toMatchObject({
      code: 1,
      err: expect.stringMatching(/rs9: it is realserver there, and --role says director\n {2}→ /),
    })
    const address = await run('join', tokenFor(to), '--name', 'rs9', '--address', '10.12.0.20', '--no-probe')
    expect(address.err).toMatch(/rs9: it is at 10\.12\.0\.19 there, and --address says 10\.12\.0\.20/)
    expect(asked.some(({ path }) => path === '/v1/join')).toBe(false)
    expect(existsSync(at('state'))).toBe(false)
    const same = ['--role', 'realserver', '--address', '10.12.0.19']
    expect((await run('join', tokenFor(to), '--name', 'rs9', ...same, '--no-probe')).code).toBe(0)
  })
  it('says as what it joins where nobody said so', async () => {
    const { to } = await open({})
    const said = /rs9 joins as a realserver: neither --role nor the configuration says otherwise/
    expect((await run('join', tokenFor(to), ...HERE)).err).toMatch(said)
    rmSync(at('state'), { recursive: true })
    expect((await run('join', tokenFor(to), ...HERE, '--role', 'realserver')).err).not.toMatch(said)
  })
  it('becomes a coordinator as a director', async () => {
    const node = { roles: ['director'], links: [{ name: 'heartbeat', address: '10.12.0.2' }] }
    const { to } = await open({ '/v1/join/preview': [preview({ present: true, node })] })
    const { code, out } = await run('join', tokenFor(to), '--name', 'dir2', '--no-probe')
    expect(code).toBe(0)
    expect(out).toMatch(/rs9 is one of the coordinators\nnext: start lvsm-coordinator, lvsm-lease, lvsm-agent here/)
    expect(words()).toEqual([
      ...['--join', '--identity', at('state', 'node.json'), '--listen', '10.12.0.2:7446', '--api', '10.12.0.2:7445'],
      ...['--state-dir', at('coordinator'), '--run-dir', at('run')],
    ])
  })
  it('is a node also where it becomes no coordinator yet, and says how it will', async () => {
    program(75, 'no coordinator took this one in\\n  → look at their log\\n')
    const node = { roles: ['realserver'], coordinator: true, links: [{ name: 'heartbeat', address: '10.12.0.19' }] }
    const { to } = await open({ '/v1/join/preview': [preview({ present: true, node })] })
    const { code, out, err } = await run('join', tokenFor(to), '--name', 'rs9', '--no-probe')
    expect(code).toBe(1)
    expect(err).toMatch(
      /lvsm: lvsm-coordinator: no coordinator took this one in\n {2}→ look at their log\n {2}→ when that is mended, .*: lvsm-coordinator --join --identity .*node\.json --listen 10\.12\.0\.19:7446 .*; systemctl enable --now lvsm-coordinator\n$/,
    )
    expect(out).toMatch(
      /rs9 is a node of cluster lab, at revision 7\nnext: start lvsm-lease, lvsm-agent here \(systemd does not run on it\)\n$/,
    )
    expect(existsSync(at('state', 'node.json'))).toBe(true)
  })
  it('asks again with the same key when its answer was lost', async () => {
    const { asked, to } = await open({ '/v1/join': [{ nonsense: true }, report()] })
    const lost = await run('join', tokenFor(to), ...HERE)
    expect(lost.code).toBe(3)
    expect(existsSync(at('state', 'node.json'))).toBe(false)
    expect((await run('join', tokenFor(to), ...HERE)).code).toBe(0)
    const keys = asked.filter(({ path }) => path === '/v1/join').map(({ body }) => body.key)
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })
  it('goes on with the next coordinator where one cannot answer now, and is the same machine there', async () => {
    for (const answer of [notNow('no-leader'), notNow('unknown', 202), HANGS_UP]) {
      const [one, two] = [await open({ '/v1/join': [answer] }), await open({})]
      const { code, out } = await run('join', tokenFor(one.to, two.to), ...HERE)
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^rs9 is a node of cluster lab/) })
      const keys = [one, two].map(({ asked }) =>
        asked.flatMap(({ path, body }) => (path === '/v1/join' ? [body.key] : [])),
      )
      expect(keys).toEqual([[expect.any(String)], keys[0]])
      rmSync(at('state'), { recursive: true })
    }
    // Where none can, what the first one that was reached said is told.
    const none = [await open({ '/v1/join': [HANGS_UP] }), await open({ '/v1/join': [notNow('no-leader')] })]
    const ended = await run('join', tokenFor(...none.map(({ to }) => to)), ...HERE)
    expect(ended).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no majority of the coordinators[^]*same token is safe/),
    })
    // What the cluster says no to, it says no to everywhere.
    const [first, second] = [await open({ '/v1/join': [refusal('token-used')] }), await open({})]
    expect((await run('join', tokenFor(first.to, second.to), ...HERE)).err).toMatch(/the token is used up/)
    expect(second.asked).toEqual([])
  })
  it('uses up no token where a key of the heartbeats is known to nobody who was asked, and not here', async () => {
    const missing = [{ id: 2, file: at('etc', 'second.key') }]
    const { asked, to } = await open({ '/v1/join/preview': [preview({ present: true, missing })] })
    const ended = await run('join', tokenFor(to), '--name', 'rs9', '--no-probe')
    expect(ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /asked has it: key 2, .*second\.key\n {2}→ on the node of a coordinator, as root: lvsm coordinators secrets; or copy that file/,
      ),
    })
    expect(asked.some(({ path }) => path === '/v1/join')).toBe(false)
    mkdirSync(at('etc'))
    writeFileSync(at('etc', 'second.key'), `${'ab'.repeat(32)}\n`)
    expect((await run('join', tokenFor(to), '--name', 'rs9', '--no-probe')).code).toBe(0)
  })
  it('warns of a clock that is another', async () => {
    const { to } = await open({ '/v1/join/preview': [preview({ present: true, clock: Date.now() + 86_400_000 })] })
    expect((await run('join', tokenFor(to), '--name', 'rs9', '--no-probe')).err).toMatch(
      /^warning: this machine's clock is 86\d\d\d s behind/,
    )
  })
  it('stays outside with the reason and the way out of a refusal, and with what it had', async () => {
    const { to } = await open({ '/v1/join/preview': [refusal('token-expired')] })
    expect(await run('join', tokenFor(to), ...HERE)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^lvsm: the token is over: because token-expired\n {2}→ .*lvsm token create\n$/),
    })
    expect([existsSync(at('state')), existsSync(at('etc'))]).toEqual([false, false])
  })
  it('does not write over another key of the heartbeats', async () => {
    mkdirSync(at('etc'))
    writeFileSync(at('etc', 'heartbeat.key'), 'other\n')
    const { asked: first, to } = await open({})
    const { code, err } = await run('join', tokenFor(to), ...HERE)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/has another key than the cluster's key 1/) })
    expect(readFileSync(at('etc', 'heartbeat.key'), 'utf8')).toBe('other\n')
    expect(existsSync(at('state', 'node.json'))).toBe(false)
    // It comes in as the same machine when that one is away.
    rmSync(at('etc', 'heartbeat.key'))
    const { asked, to: again } = await open({})
    expect((await run('join', tokenFor(again), ...HERE)).code).toBe(0)
    const keys = [...first, ...asked].flatMap(({ path, body }) => (path === '/v1/join' ? [body.key] : []))
    expect(keys).toEqual([keys[0], keys[0]])
  })
  it('names a key that no coordinator knows', async () => {
    const keys = [{ id: 2, file: at('etc', 'second.key'), digits: null }]
    const { to } = await open({ '/v1/join': [report({ keys })] })
    expect((await run('join', tokenFor(to), ...HERE)).err).toMatch(/no coordinator knows heartbeat key 2/)
  })

  it('says nothing to a cluster that is not the one of the token', async () => {
    const other = await makeAuthority('lab')
    const { asked, to } = await openPort({ '/v1/authority': [{ authority: other.certificate }] })
    const { code, err } = await run('join', tokenFor(to), ...HERE)
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/of another cluster than the token, or somebody is in between/),
    })
    expect(asked).toEqual([])
  })
  it('says nothing to another node of the cluster that has taken the address', async () => {
    const { asked, to } = await openPort(DOOR, ['10.12.0.66'])
    const { code, err } = await run('join', tokenFor(to), ...HERE)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/127\.0\.0\.1/) })
    expect(asked).toEqual([])
  })
  it('says nothing to somebody in between who shows the right authority and has no certificate of it', async () => {
    const { asked, to } = await openPort(DOOR, ['127.0.0.1'], await makeAuthority('lab'))
    expect((await run('join', tokenFor(to), ...HERE)).code).toBe(3)
    expect(asked).toEqual([])
  })
  it.each<[string, string, RegExp]>([
    ['cut off', 'lvsm.eyJ2Ijox', /no token: it was cut off/],
    [
      'of nobody who answers',
      tokenFor({ host: '127.0.0.1', port: 1 }),
      /no coordinator is reached: 127\.0\.0\.1:1: .*ECONNREFUSED/,
    ],
  ])('refuses a token %s, and makes nothing', async (_, token, said) => {
    const { code, err } = await run('join', token, ...HERE)
    expect(err).toMatch(said)
    expect(code).toBe(token.length > 20 ? 3 : 2)
    expect(existsSync(at('state'))).toBe(false)
  })
})
