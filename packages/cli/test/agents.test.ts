import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { closeCoordinators, here, startCoordinator } from './coordinator.ts'
import { cleanUp, lvsm, scratchPath, STATUS, startAgent, without } from './agent.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

describe('which agent is asked', () => {
  it('prefers one with quorum, past a dead socket and a frozen agent', async () => {
    const alone = await startAgent(() => ({ body: without({ node: 'rs3', quorum: false }) }))
    const frozen = await startAgent(() => undefined)
    const good = await startAgent(() => ({ body: STATUS }))
    const LVSM_SOCKET = [scratchPath('none.sock'), alone.socketPath, frozen.socketPath, good.socketPath].join(':')
    const { code, out } = await lvsm(['status', '-o', 'json'], { LVSM_SOCKET })
    expect(code).toBe(0)
    expect(JSON.parse(out).node).toBe('dir1')
  })

  it('answers within a second with half of the nodes dead, and with coordinators that do not answer', async () => {
    const frozen = await startAgent(() => undefined)
    const good = await startAgent(({ path }) => (path === '/v1/status' ? { body: STATUS } : undefined))
    const agents = [scratchPath('none.sock'), frozen.socketPath, scratchPath('gone.sock'), good.socketPath].join(':')
    const coordinators = [scratchPath('coordinator.sock'), frozen.socketPath].join(':')
    // The machine may be held up by others: what counts is the fastest of a few.
    let took = Number.POSITIVE_INFINITY
    let ended = { code: null as number | null, out: '' }
    for (let run = 0; run < 10 && took >= 1000; run++) {
      const began = performance.now()
      ended = await here(['--socket', agents, '--coordinator-socket', coordinators, 'status'])
      took = Math.min(took, performance.now() - began)
    }
    const { code, out } = ended
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^lab {2}seen by dir1/) })
    expect(frozen.heard.map(({ path }) => path)).toEqual(expect.arrayContaining(['/v1/status', '/v1/coordinators']))
    expect(took).toBeLessThan(1000)
  })
  it.each([true, undefined])(
    'says where no coordinator answers in time, if they keep the configuration: %s',
    async (kept) => {
      const frozen = await startAgent(() => undefined)
      const alone = kept === undefined ? STATUS : without({ coordinators: kept })
      const own = await startAgent(({ path }) => (path === '/v1/status' ? { body: alone } : undefined))
      const words = ['--socket', own.socketPath, '--coordinator-socket', frozen.socketPath, 'status']
      const { out } = await here(words)
      const said = [
        / {2}not redundant {2}coordinators: none answered this node within half a second\n/.test(out),
        /\nCOORDINATORS\n {2}none answered this node .*by itself.*: lvsm coordinators\n/.test(out),
      ]
      expect(said, out).toEqual([kept === true, kept === true])
      expect(JSON.parse((await here([...words, '-o', 'json'])).out)).toMatchObject(alone)
    },
  )
  it('says something else where one answered that knows no agent yet: that alone is no fault', async () => {
    const alone = without({ coordinators: true })
    const { nodes, ...none } = alone
    const young = await startAgent(({ path }) => ({
      body: path === '/v1/status' ? { ...none, nodes: nodes.map((node) => ({ ...node, agent: false })) } : {},
    }))
    const own = await startAgent(({ path }) => (path === '/v1/status' ? { body: alone } : undefined))
    const { out } = await here(['--socket', own.socketPath, '--coordinator-socket', young.socketPath, 'status'])
    expect(out).not.toMatch(/none answered|not redundant/)
    expect(out).toMatch(/\nCOORDINATORS\n {2}one answered, and has heard of no agent yet, as after its start: /)
  })
  it('ends with its output, also where nobody tells what was', async () => {
    const dead = without({ nodes: STATUS.nodes.map((node) => ({ ...node, state: 'dead' as const })) })
    const own = await startAgent(({ path }) => (path === '/v1/status' ? { body: dead } : undefined))
    let took = Number.POSITIVE_INFINITY
    for (let run = 0; run < 3 && took >= 5000; run++) {
      const began = performance.now()
      expect((await lvsm(['--socket', own.socketPath, 'status'])).out).toContain('is dead')
      took = Math.min(took, performance.now() - began)
    }
    expect(took).toBeLessThan(5000)
  })
  it('says with the status what to do about a coordinator that is gone', async () => {
    const { socketPath } = startCoordinator()
    const good = await startAgent(() => ({ body: STATUS }))
    const words = ['--socket', good.socketPath, '--coordinator-socket', socketPath, 'status']
    // The command waits less than half a second for a coordinator, and this machine may be busy.
    await vi.waitFor(
      async () =>
        expect((await here(words)).out).toMatch(
          /\nCOORDINATORS\n {2}9 is silent for 65 s: .*lvsm coordinators remove 9\n/,
        ),
      20_000,
    )
    expect((await here(words)).out).toMatch(/: degraded.*\n {2}not redundant {2}coordinators: 9 is silent for 65 s\n/)
    expect(JSON.parse((await here([...words, '-o', 'json'])).out)).toMatchObject(STATUS)
    for (const format of ['table', 'json'])
      expect((await here([...words, '--check', '-o', format])).code, 'lost redundancy').toBe(4)
  })

  it('takes the first that answers when none has quorum', async () => {
    const one = await startAgent(() => ({ body: without({ node: 'a', quorum: false }), afterMs: 150 }))
    const two = await startAgent(() => ({ body: without({ node: 'b', quorum: false }) }))
    const { out } = await lvsm(['status', '-o', 'json'], { LVSM_SOCKET: `${one.socketPath}:${two.socketPath}` })
    expect(JSON.parse(out).node).toBe('a')
  })

  it('gives an order to a director, also where a realserver answers sooner; to anybody where there is none', async () => {
    const moved = { group: 'web', from: 'dir1', to: 'dir2', number: 43, tookMs: 20 }
    const agent = (node: string, afterMs: number) =>
      startAgent(({ method }) => ({ body: method === 'POST' ? moved : without({ node }), afterMs }))
    const [realserver, director] = [await agent('rs3', 0), await agent('dir2', 200)]
    const orders = ({ heard }: typeof director): number => heard.filter(({ method }) => method === 'POST').length
    const both = `${realserver.socketPath}:${director.socketPath}`
    expect((await lvsm(['switchover', 'web'], { LVSM_SOCKET: both })).code).toBe(0)
    expect([orders(realserver), orders(director)]).toEqual([0, 1])
    await lvsm(['switchover', 'web'], { LVSM_SOCKET: `${realserver.socketPath}:${scratchPath('none.sock')}` })
    expect(orders(realserver)).toBe(1)
  })

  it('names every socket that it tried, why it failed, and the next step', async () => {
    const none = scratchPath('none.sock')
    const file = scratchPath('file')
    writeFileSync(file, '')
    const stranger = await startAgent(() => ({ body: { hello: 'world' } }))
    const { code, out, err } = await lvsm(['status'], { LVSM_SOCKET: [none, file, stranger.socketPath].join(':') })
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toContain(`${none}: no such socket`)
    expect(err).toContain(`${file}: this is no socket`)
    expect(err).toContain(`${stranger.socketPath}: its answer is no status`)
    expect(err).toMatch(/→ start it \(systemctl start lvsm-agent\), or name another/)
  })

  it('says so when an agent does not answer in time', async () => {
    const { socketPath } = await startAgent(() => undefined)
    const { code, err } = await lvsm(['--socket', socketPath, 'status'])
    expect(code).toBe(3)
    expect(err).toContain('no answer within 3 s')
  })

  it('turns --node into a path, and refuses what is no name', async () => {
    const [missing, bad, both] = await Promise.all([
      lvsm(['--node', 'no-such-node', 'status']),
      lvsm(['--node', '../etc', 'status']),
      lvsm(['--node', 'a', '--socket', 'b', 'status']),
    ])
    expect([missing.code, bad.code, both.code]).toEqual([3, 2, 2])
    expect(missing.err).toContain('/run/lvsm/no-such-node/agent.sock')
    expect(both.err).toContain('exclude each other')
  })
})
