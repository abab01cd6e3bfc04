import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUp, lvsm, STATUS, startAgent } from './agent.ts'
import { program } from '../../../test/kit/programs.ts'

afterEach(cleanUp)
const MOVED = { group: 'web', from: 'dir1', to: 'dir2', number: 43, tookMs: 18.6 }

describe('lvsm switchover', () => {
  it('asks the agent with quorum and says what moved', async () => {
    const agent = await startAgent(({ method }) => ({ body: method === 'GET' ? STATUS : MOVED }))
    const { code, out, err } = await lvsm(['switchover', 'web', 'dir2'], {
      LVSM_SOCKET: `/nowhere.sock:${agent.socketPath}`,
    })
    // A machine with other things to do takes more than the second after which it says that it waits.
    expect([code, err.replace('waiting for group web to move …\n', '')]).toEqual([0, ''])
    expect(out).toBe('web: dir1 → dir2 in 19 ms (lease 43)\n')
    expect(agent.heard.at(-1)).toEqual({ method: 'POST', path: '/v1/switchover', body: { group: 'web', to: 'dir2' } })
  })

  it("prints the cluster's refusal with its hint and exits 1", async () => {
    const refusal = { code: 'unknown-group', field: 'group', message: 'there is no group "wbe"', hint: 'groups: web' }
    const { socketPath, heard } = await startAgent(() => ({ code: 404, body: { refusals: [refusal] } }))
    const { code, out, err } = await lvsm(['--socket', socketPath, 'switchover', 'wbe'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe('lvsm: group: there is no group "wbe"\n  → groups: web\n')
    expect(heard[0]?.body).toEqual({ group: 'wbe' })
  })

  it('lets no word of the cluster paint on the terminal', async () => {
    const refusal = { code: 'x', message: 'no\u001b[2J\u0007 \u202egnorw', hint: 'one\ntwo' }
    const { socketPath } = await startAgent(() => ({ code: 409, body: { refusals: [refusal] } }))
    const { err } = await lvsm(['--socket', socketPath, 'switchover', 'web'])
    expect(err).toBe('lvsm: no\ufffd[2J\ufffd \ufffdgnorw\n  → one\ntwo\n')
  })

  it('does not say that nobody was reached where a strange answer came: it may have moved', async () => {
    const { socketPath } = await startAgent(() => ({ code: 500, body: { hello: 'world' } }))
    const { code, err } = await lvsm(['--socket', socketPath, 'switchover', 'web'])
    expect(code).toBe(3)
    expect(err).toMatch(/HTTP 500 without a reason; the request was sent and may have been carried out\n {2}→ look/)
  })

  it('to its owner does nothing, says so, and ends with a code of its own', async () => {
    const { socketPath } = await startAgent(() => ({ body: { ...MOVED, from: 'dir1', to: 'dir1' } }))
    expect(await lvsm(['--socket', socketPath, 'switchover', 'web', 'dir1'])).toMatchObject({
      code: 10,
      out: expect.stringMatching(/^web: dir1 owns it already \(lease \d+\): nothing to do\n$/),
    })
  })

  it('says that it waits once that takes a second', async () => {
    const { socketPath } = await startAgent(() => ({ body: MOVED, afterMs: 1300 }))
    const { code, out, err } = await lvsm(['--socket', socketPath, 'switchover', 'web'])
    expect({ code, err }).toEqual({ code: 0, err: 'waiting for group web to move …\n' })
    expect(out).toContain('dir1 → dir2')
  })
})

describe('lvsm standby', () => {
  it('sends the word, with and without a node', async () => {
    const { socketPath, heard } = await startAgent(({ body }) => ({
      body: { node: 'dir1', standby: (body as { on: boolean }).on },
    }))
    const on = await lvsm(['--socket', socketPath, 'standby', 'on', 'dir1'])
    const off = await lvsm(['--socket', socketPath, 'standby', 'off', '-o', 'json'])
    expect(heard.map((one) => one.body)).toEqual([{ name: 'dir1', on: true }, { on: false }])
    expect(on.out).toMatch(/^dir1 is under maintenance/)
    expect(JSON.parse(off.out)).toEqual({ node: 'dir1', standby: false })
    const again = await startAgent(() => ({ body: { node: 'dir1', standby: true, already: true } }))
    expect(await lvsm(['--socket', again.socketPath, 'standby', 'on'])).toMatchObject({
      code: 10,
      out: 'dir1 is under maintenance already: nothing to do\n',
    })
  })
})

describe('lvsm events', () => {
  const history = [1, 2, 3].map((number) => ({
    at: `2026-01-01T00:00:0${number}.000Z`,
    node: 'dir1',
    group: 'web',
    kind: 'took',
    number,
    reason: `reason ${number}`,
  }))

  it('prints the newest, oldest first', async () => {
    const { socketPath } = await startAgent(() => ({ body: { events: history } }))
    const [text, json] = await Promise.all([
      lvsm(['--socket', socketPath, 'events', '-n', '2']),
      lvsm(['--socket', socketPath, 'events', '-n', '1', '-o', 'json']),
    ])
    expect(text.out).toMatch(/reason 2[^]*reason 3/)
    expect(text.out).not.toContain('reason 1')
    expect(JSON.parse(json.out)).toEqual({ events: history.slice(2) })
  })
})

describe('the command line', () => {
  it('exits 2 on anything it does not understand, with the way out', async () => {
    const wrong = await Promise.all([
      lvsm([]),
      lvsm(['statuses']),
      lvsm(['status', '--wide']),
      lvsm(['status', '-o', 'xml']),
      lvsm(['switchover']),
      lvsm(['standby', 'maybe']),
      lvsm(['events', '-n', '0']),
    ])
    expect(wrong.map((one) => one.code)).toEqual(wrong.map(() => 2))
    for (const one of wrong) expect(one.err).toContain('--help')
  })

  it('tells what could not be printed apart from what was refused', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [program('lvsm'), '--help'], {
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    expect(status).toBe(74)
    expect(String(stderr)).toMatch(/cannot write: ENOSPC.*\n {2}→ /)
  })

  it('has help with examples and exit codes, and the version of the product', async () => {
    const [help, version] = await Promise.all([lvsm(['--help']), lvsm(['--version'])])
    const product = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
    expect([help.code, version.code]).toEqual([0, 0])
    expect(help.out).toMatch(/Examples:[^]*switchover web dir2[^]*Exit codes:[^]*no agent answered/)
    expect(version.out.trim()).toBe(product.version)
  })
})
