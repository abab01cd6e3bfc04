/** `lvsm simulate`: what would happen, from the status of an agent; nothing is sent but that question. */
import type { Status } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { explain } from '../src/explain/explain.ts'
import { cleanUp, lvsm, startAgent, STATUS } from './agent.ts'

afterEach(cleanUp)
const simulate = (...words: string[]) => simulateIn(STATUS, ...words)
const simulateIn = async (status: Status, ...words: string[]) => {
  const agent = await startAgent(() => ({ body: status }))
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
    expect(asked.toSorted()).toEqual(['GET /v1/coordinators', 'GET /v1/status'])
  })
  it('of a director that would let no client through: it takes over, and nobody is served', async () => {
    const refused = 'lets no client of service http through: chain inet site in handle 4'
    const message = 'a rule of chain inet site in of dir2 drops what clients of http send: all that is to 10.11.0.10'
    const trouble = { code: 'drop-rule', severity: 'warning', object: 'chain inet site in handle 4', message } as const
    const groups = STATUS.groups.map((one) => ({
      ...one,
      takers: [{ node: 'dir2', could: true, reason: '', refused }],
    }))
    const shut = { ...STATUS, groups, troubles: [...STATUS.troubles, { node: 'dir2', ...trouble }] }
    const { code, stdout } = await simulateIn(shut, 'node', 'dir1')
    expect(stdout).toContain('If dir1 died now: degraded → not served')
    expect(stdout).toContain(`  not served: http: ${message}`)
    expect(code).toBe(6)
    const words = (kind: 'group' | 'node', name: string) => {
      const { what, change } = explain({ status: shut, events: [] }, { kind, name })
      return [what, ...change].join('\n')
    }
    expect(words('group', 'web')).toContain(
      `a switchover of web is refused (dir2 ${refused}); if dir1 dies, dir2 takes it all the same`,
    )
    expect(words('node', 'dir2')).toContain(`it takes web if dir1 fails; by no switchover, for it ${refused}`)
    // Where another one is ready, that is asked first.
    const both = groups.map((one) => ({
      ...one,
      directors: [...one.directors, 'dir3'],
      takers: [...one.takers, { node: 'dir3', could: true, reason: '' }],
    }))
    expect((await simulateIn({ ...shut, groups: both }, 'node', 'dir1')).stdout).toContain(
      'dir3 takes it when dir1 is silent',
    )
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
  it('of a server in the form that other commands have', async () => {
    const [one, other] = [await simulate('server', 'http/rs2'), await simulate('server', 'rs2', 'http')]
    expect(one.stdout).toContain('If rs2 failed in http now')
    expect([one.stdout, one.code]).toEqual([other.stdout, other.code])
    expect(await simulate('server', 'http/rs2', 'smtp')).toMatchObject({ code: 2 })
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
