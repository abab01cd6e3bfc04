/** `lvsm simulate`: what would happen, from the status of an agent; nothing is sent but that question. */
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUp, lvsm, startAgent, STATUS } from './agent.ts'

afterEach(cleanUp)
const simulate = async (...words: string[]) => {
  const agent = await startAgent(() => ({ body: STATUS }))
  const { code, out, err } = await lvsm(['--socket', agent.socketPath, 'simulate', ...words])
  return { code, stdout: out, stderr: err, asked: agent.heard.map(({ method, path }) => `${method} ${path}`) }
}

describe('lvsm simulate', () => {
  it('says who takes what when a director dies, and what the head of a status would say then', async () => {
    const { code, stdout, asked } = await simulate('node', 'dir1')
    expect(stdout).toBe(`If dir1 died now: healthy → degraded

GROUPS
  group  owner now  then  why
  web    dir1       dir2  dir2 takes it when dir1 is silent

SERVICES
  service  serving now  then    why
  http     2 of 2       as now

THEN lvsm status WOULD SAY
  cannot move: nobody could take web: dir1: it is supposed to be dead
  dead: dir1
`)
    expect(code).toBe(4)
    expect(asked).toEqual(['GET /v1/status'])
  })
  it('of several at once', async () => {
    const { code, stdout } = await simulate('node', 'dir2', 'rs1')
    expect(stdout).toContain('If dir2 died and rs1 died now: healthy → not served')
    expect(stdout).toContain('  web    dir1       nobody  the voters have no majority')
    expect(code).toBe(6)
  })
  it('of a server that fails, as JSON', async () => {
    const { code, stdout } = await simulate('server', 'rs2', 'http', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      now: 'healthy',
      later: 'degraded',
      services: [{ name: 'http', before: '2 of 2', after: '1 of 2', why: 'without rs2' }],
    })
    expect(code).toBe(4)
  })
  it.each([
    [['node', 'dir9'], 'there is no node dir9', 'there are: dir1, dir2, rs1'],
    [['server', 'dir1'], 'there is no realserver dir1', 'there are: rs1, rs2'],
    [['server', 'rs1', 'smtp'], 'there is no service smtp', 'there are: http'],
  ])('names what there is: %s', async (words, said, hint) => {
    const { code, stderr } = await simulate(...words)
    expect(stderr).toContain(said)
    expect(stderr).toContain(hint)
    expect(code).toBe(1)
  })
})
