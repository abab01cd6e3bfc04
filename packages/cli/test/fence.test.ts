import { type FenceReport } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cleanUp, lvsm, startAgent } from './agent.ts'

afterEach(cleanUp)

const closed = { open: false, leftMs: 0, timeoutMs: 0, droppedPackets: 0, droppedBytes: 0 }
const FENCE: FenceReport = {
  cluster: 'lab',
  node: 'dir1',
  directs: ['web'],
  leaseFault: null,
  tables: [
    { part: 'announce', family: 'arp', present: true, hooks: ['input', 'output'] },
    { part: 'announce', family: 'netdev', present: false, hooks: [] },
    { part: 'serve', family: 'inet', present: true, hooks: ['prerouting', 'postrouting', 'forward'] },
  ],
  groups: [
    {
      name: 'web',
      directed: true,
      addresses: ['10.11.0.10', '10.12.0.254'],
      elements: [
        { part: 'announce', family: 'arp', ...closed, droppedPackets: 3, droppedBytes: 84 },
        { ...closed, part: 'serve', family: 'inet', open: true, leftMs: 412, timeoutMs: 600 },
      ],
    },
    { name: 'old', directed: false, addresses: [], elements: [{ part: 'serve', family: 'inet', ...closed }] },
  ],
  faults: [],
}
const always = (report: Partial<FenceReport>) => startAgent(() => ({ body: { ...FENCE, ...report } }))

describe('lvsm fence status', () => {
  it('shows tables, elements with the time left, counters and addresses', async () => {
    const { socketPath, heard } = await always({})
    const { code, out, err } = await lvsm(['--socket', socketPath, 'fence', 'status'])
    expect({ code, err, heard }).toEqual({
      code: 0,
      err: '',
      heard: [{ method: 'GET', path: '/v1/fence', body: undefined }],
    })
    expect(out).toContain('lab  fence of dir1: whole\n')
    expect(out).toMatch(/arp lvsm +announce +input, output\n/)
    expect(out).not.toMatch(/netdev/)
    expect(out).toContain('GROUP web  10.11.0.10, 10.12.0.254\n')
    expect(out).toMatch(/announce +arp lvsm +closed +- +- +3 +84\n/)
    expect(out).toMatch(/serve +inet lvsm +open +412 ms +600 ms +0 +0\n/)
    expect(out).toContain('GROUP old  no address  [not of this configuration]\n')
  })

  it('says in red what is missing and that the lease process is dead, with the next step', async () => {
    const missing = {
      code: 'no-fence',
      severity: 'critical',
      message: 'no fence stands',
      hint: 'start lvsm-lease',
    } as const
    const { socketPath } = await always({
      tables: [],
      groups: [],
      leaseFault: 'it does not run (no socket)',
      faults: [missing, { ...missing, code: 'no-fence-table', message: 'no table' }],
    })
    const { code, out } = await lvsm(['--socket', socketPath, 'fence', 'status'], { FORCE_COLOR: '1' })
    expect(code).toBe(0)
    expect(out).toContain('fence of dir1: \u001b[31mno fence stands (and 1 more, see below)\u001b[39m')
    expect(out).toContain('\u001b[31mits lease process does not answer: it does not run (no socket)\u001b[39m')
    expect(out).toContain(
      '\u001b[31mcritical\u001b[39m  dir1: no fence stands (no-fence)\n    so: the kernel does not silence addresses of this node by itself\n    → start lvsm-lease\n',
    )
  })

  it('says that a realserver needs none', async () => {
    const { socketPath } = await always({ node: 'rs1', directs: [], groups: [] })
    const { out } = await lvsm(['--socket', socketPath, 'fence', 'status'])
    expect(out).toBe('lab  fence of rs1: this node directs no group and needs none\n')
  })

  it('prints exactly what the agent said as JSON and YAML', async () => {
    const { socketPath } = await always({})
    const [json, yaml] = await Promise.all(
      ['json', 'yaml'].map((format) => lvsm(['--socket', socketPath, 'fence', 'status', '-o', format])),
    )
    expect(JSON.parse(json?.out ?? '')).toEqual(FENCE)
    expect(parse(yaml?.out ?? '')).toEqual(FENCE)
  })

  it('ends as the other verbs do: refused 1, wrong words 2, nobody there 3, another version 3', async () => {
    const refusal = { code: 'kernel-unread', message: 'the tables cannot be read: EPERM', hint: 'try again' }
    const [refused, old] = await Promise.all([
      startAgent(() => ({ code: 503, body: { refusals: [refusal] } })),
      startAgent(() => ({ body: { hello: true } })),
    ])
    const ends = await Promise.all([
      lvsm(['--socket', refused.socketPath, 'fence', 'status']),
      lvsm(['fence', 'stats']),
      lvsm(['--node', 'nowhere', 'fence', 'status']),
      lvsm(['--socket', old.socketPath, 'fence', 'status']),
    ])
    expect(ends.map(({ code }) => code)).toEqual([1, 2, 3, 3])
    expect(ends[0]?.err).toBe('lvsm: the tables cannot be read: EPERM\n  → try again\n')
    expect(ends[2]?.err).toContain('/run/lvsm/nowhere/agent.sock')
    for (const { out } of ends) expect(out).toBe('')
  })
})
