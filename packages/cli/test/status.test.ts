import type { Status } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cleanUp, lvsm, STATUS, startAgent, without } from './agent.ts'

afterEach(cleanUp)
const always = (status: unknown) => startAgent(() => ({ body: status }))

describe('lvsm status', () => {
  it('shows owner, lease, weights, connections and reasons as plain text on a pipe', async () => {
    const { socketPath, heard } = await always(STATUS)
    const { code, out, err } = await lvsm(['--socket', socketPath, 'status'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(heard).toContainEqual({ method: 'GET', path: '/v1/status', body: undefined })
    expect(out).not.toContain('\u001b')
    expect(out).toContain('lab  seen by dir1, revision 7: healthy')
    expect(out).toMatch(/web +dir1 +42 +312 ms +10\.11\.0\.10, 10\.12\.0\.254 +dir1 > dir2 +dir1 holds the lease/)
    expect(out).toMatch(/SERVICE http +tcp 10\.11\.0\.10:80 sh \(sh-port\), group web/)
    expect(out).toMatch(/PING NODES\n.*\n +web +10\.11\.0\.254 +dir1 +dir2 +-\n/)
    expect(out).toMatch(/rs2 +10\.11\.0\.12:80 +dr +2 +5 +9 +healthy +answers/)
    expect(out).toMatch(/dir2 +director \+vote +standby +ready for web/)
  })

  it('says how old it is, where that is no moment ago', async () => {
    const aged = (ageMs: number, agent = true) => STATUS.nodes.map((one) => ({ ...one, ageMs, agent }))
    const shown = async (nodes: typeof STATUS.nodes) => {
      const { socketPath } = await always(without({ nodes }))
      return (await lvsm(['--socket', socketPath, 'status'])).out
    }
    const [fresh, old, silent] = await Promise.all([shown(aged(2900)), shown(aged(8000)), shown(aged(8000, false))])
    expect(fresh).not.toContain(' ago')
    expect(old).toMatch(/ 312 ms \(8 s ago\) /)
    expect(old).toMatch(/SERVICE http .*, group web, as its owner said it \(8 s ago\)/)
    expect(old).toMatch(/dir2 .* ready for web \[8 s ago\]/)
    expect(silent).toMatch(/dir2 .* \[no word from its agent; 8 s ago\]/)
    expect(silent).toMatch(/SERVICE http .*, group web, not known: its owner was heard 8 s ago/)
  })

  it('prints all that the agent said as JSON and YAML, with the moment beside each span', async () => {
    const { socketPath } = await always(STATUS)
    const [json, yaml] = await Promise.all([
      lvsm(['status', '-o', 'json', '--socket', socketPath]),
      lvsm(['status', '-o', 'yaml'], { LVSM_SOCKET: socketPath }),
    ])
    expect(JSON.parse(json.out)).toMatchObject({ ...STATUS, at: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(parse(yaml.out)).toMatchObject(STATUS)
  })

  it('colours when forced, and never with NO_COLOR', async () => {
    const { socketPath } = await always(STATUS)
    const [forced, none] = await Promise.all([
      lvsm(['--socket', socketPath, 'status'], { FORCE_COLOR: '1' }),
      lvsm(['--socket', socketPath, 'status'], { NO_COLOR: '1' }),
    ])
    expect(forced.out).toContain('\u001b[32mdir1')
    expect(none.out).not.toContain('\u001b')
  })

  it('names what is wrong, and exits 4 only with --check', async () => {
    const [group] = STATUS.groups
    const { socketPath } = await always(
      without({
        quorum: false,
        groups: [{ ...group!, owner: null, number: 0, leftMs: 0 }],
        troubles: [
          {
            code: 'no-ipvs',
            severity: 'critical',
            message: 'the kernel has no IPVS',
            hint: 'modprobe ip_vs',
            node: 'dir2',
          },
          { code: 'state-lost', severity: 'warning', message: 'found no state', node: 'rs1', leftMs: 23_400 },
        ],
      }),
    )
    const [plain, check] = await Promise.all([
      lvsm(['--socket', socketPath, 'status']),
      lvsm(['--socket', socketPath, 'status', '--check']),
    ])
    expect([plain.code, check.code]).toEqual([0, 6])
    expect(plain.out).toMatch(
      /revision 7: not served; 1 critical trouble; 1 warning\n {2}not served {5}nobody owns web /,
    )
    expect(plain.out).toMatch(/web +nobody +- +-/)
    expect(plain.out).toContain(
      'critical  dir2: the kernel has no IPVS (no-ipvs)\n    so: this node forwards nothing, and can take nothing over; dir2 owns nothing now\n    → on dir2: modprobe ip_vs',
    )
    expect(plain.out).toContain('warning  rs1: found no state (state-lost); over in 24 s\n')
  })

  it('puts what is over last, and calls for nothing by it', async () => {
    const fought = { code: 'fought-over', severity: 'critical', message: 'it is put back', node: 'rs1' } as const
    const late = { code: 'known-port', severity: 'warning', message: 'it is so now', node: 'dir1' } as const
    const { socketPath } = await always(without({ troubles: [{ ...fought, pastMs: 40_000 }, late] }))
    const { code, out } = await lvsm(['--socket', socketPath, 'status', '--check'])
    expect(code).toBe(0)
    expect(out).toContain('revision 7: healthy; 1 warning; 1 trouble of the last minutes is over\n')
    expect(out).toMatch(
      /TROUBLES\n {2}warning {2}dir1: it is so now [^]*\n {2}over: the last of it 40 s ago {2}rs1: it is put back \(fought-over; it was critical\)\n/,
    )
  })

  it('says once what several nodes say in the same words', async () => {
    const weak = { severity: 'warning', code: 'weak-mac', message: 'key 1 signs with md5', hint: 'use sha256' } as const
    const troubles = [
      { node: 'dir1', ...weak },
      { node: 'rs1', ...weak, message: 'key 2 signs with md5' },
      { node: 'dir2', ...weak },
    ]
    const { socketPath } = await always(without({ troubles, counters: {} }))
    const { out } = await lvsm(['--socket', socketPath, 'status'])
    expect(out.slice(out.indexOf('TROUBLES'))).toBe(
      'TROUBLES\n  warning  dir1, dir2: key 1 signs with md5 (weak-mac)\n    → use sha256\n  warning  rs1: key 2 signs with md5 (weak-mac)\n    → use sha256\n',
    )
  })

  it('counts by reason what was not believed, also a reason that it does not know, and nothing when all was', async () => {
    const counters = { 'drop-mac': 3, 'drop-version': 1, 'drop-tomorrow': 2, 'drop-key': 0, 'stray-ack': 9 }
    const ordinary = { 'drop-copy': 2, 'drop-not-for-me': 7, 'drop-retired-incarnation': 4 }
    const [some, none] = await Promise.all([
      always(without({ counters })),
      always(without({ counters: { 'drop-key': 0, ...ordinary } })),
    ])
    const [dropped, clean] = await Promise.all([
      lvsm(['--socket', some.socketPath, 'status']),
      lvsm(['--socket', none.socketPath, 'status']),
    ])
    expect(dropped.out.slice(dropped.out.indexOf('DROPPED'))).toBe(
      'DROPPED by dir1 since its processes started\n  3 datagrams: with a wrong signature\n  1 datagram: not of this protocol version\n  2 messages: tomorrow\n',
    )
    expect(clean.out).not.toContain('DROPPED')
  })

  it('says of frames, messages and requests what they are', async () => {
    const counters = { 'drop-message-unknown-kind': 2, 'drop-to-lease-unknown-kind': 1, 'drop-request-unknown-path': 1 }
    const { socketPath } = await always(without({ counters }))
    const { out } = await lvsm(['--socket', socketPath, 'status'])
    const unknown = 'of a kind that this version does not know'
    expect(out.slice(out.indexOf('DROPPED'))).toBe(
      `DROPPED by dir1 since its processes started\n  2 messages of other nodes' agents: ${unknown}\n  1 frame of the agent to the lease process: ${unknown}\n  1 request to the agent: ${unknown}\n`,
    )
  })

  it('tells a realserver that was not checked from a failed one', async () => {
    const [service] = STATUS.services
    const [one, two] = service!.realservers
    const realservers = [
      { ...one!, healthy: null },
      { ...two!, healthy: false, weight: 0 },
    ]
    const { socketPath } = await always(without({ services: [{ ...service!, realservers }] }))
    const { out } = await lvsm(['--socket', socketPath, 'status'])
    expect(out).toContain('revision 7: degraded; 1 warning; info: 1\n  not serving    http: rs2 failed (answers)\n')
    expect(out).toMatch(/rs1 .* not checked[^]*rs2 .* 0 +5 +9 +failed/)
    expect(await shown({ basis: 'no-check' })).toMatch(/rs1 .* not checked/)
    expect(await shown({ healthy: false })).toMatch(/rs1 .* failed, kept/)
    expect(await shown({ full: true, upper: 100 })).toMatch(/rs1 .* full +answers; full: at most 100 connections/)
  })

  async function shown(more: Partial<Status['services'][number]['realservers'][number]>): Promise<string> {
    const services = STATUS.services.map((one) => ({
      ...one,
      realservers: one.realservers.map((server) => (server.node === 'rs1' ? { ...server, ...more } : server)),
    }))
    const { socketPath } = await always(without({ services }))
    return (await lvsm(['--socket', socketPath, 'status'])).out
  }

  it('draws again each second with --watch and ends cleanly on Ctrl-C', async () => {
    const { socketPath, heard } = await always(STATUS)
    const { code, out } = await lvsm(['--socket', socketPath, 'status', '--watch', '-o', 'json'], {}, (text, kill) => {
      if (text.split('\n').length > 2) kill('SIGINT')
    })
    expect(code).toBe(0)
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([STATUS, STATUS])
    expect(heard.length).toBe(2)
  })
})
