import { FrameSplitter, LONGEST_MESSAGE, MAX_RELAY, decode, frame, fromLeaseCodec, toLeaseCodec } from '@lvsm/protocol'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, type Config, type NodeView, nodeView, SAMPLE } from '@lvsm/model'
import { afterEach, describe, expect, it } from 'vitest'
import { type Control, type ControlEvents, serveControl } from './control.ts'
import { loadRecord, readSecrets, saveRecord } from './files.ts'
import { connectLease } from './lease.ts'
import { refuseModules } from './preflight.ts'

const directory = () => mkdtempSync(join(tmpdir(), 'lvsm-'))
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
const listening = (server: Server, where: string | number): Promise<number> =>
  new Promise((resolve) =>
    server.listen(where, () => resolve((server.address() as { port?: number } | null)?.port ?? 0)),
  )

describe('the kernel before the first change', () => {
  const view = nodeView(checkConfig(SAMPLE).config as Config, 'dir1') as NodeView
  it('is refused to a director where it has no IPVS, with where to get it', () => {
    const [refusal, ...more] = refuseModules(view, () => false)
    expect(refusal).toMatchObject({ code: 'no-module', field: 'module ip_vs' })
    expect(refusal?.message).toContain('a director needs the kernel module ip_vs: ')
    expect(refusal?.hint).toContain('linux-image-amd64')
    expect(more).toEqual([])
  })
  it('is asked for the module of each scheduler, and one that is missing refuses nothing', () => {
    const asked: string[] = []
    const missing = (module: string): string => {
      asked.push(module)
      return 'this kernel has no such module'
    }
    expect(refuseModules(view, () => true, missing)).toEqual([])
    expect(asked).toEqual(['ip_vs', 'ip_vs_wrr'])
  })
  it('is asked for the helper of a service, with its ports where they are not the usual one', () => {
    const asked: string[] = []
    const [first] = view.services
    const of = (port: number): string[] => {
      asked.length = 0
      const services = first ? [{ ...first, helper: 'ftp' as const, port }] : []
      refuseModules(
        { ...view, services },
        () => true,
        (module, options = []) => {
          asked.push([module, ...options].join(' '))
          return null
        },
      )
      return asked.slice(2)
    }
    expect(of(21)).toEqual(['ip_vs_ftp'])
    expect(of(2121)).toEqual(['ip_vs_ftp ports=2121'])
  })
  it('is asked for nothing by who is no director', () =>
    expect(refuseModules({ ...view, directs: [] }, () => false)).toEqual([]))
})

describe('the record on disk', () => {
  const text = 'tcp 10.11.0.10:80\t10.11.0.11:80'
  it('comes back whole, for root only', () => {
    const path = join(directory(), 'deep', 'agent.owned')
    expect(saveRecord(path, text)).toBe(null)
    expect([...loadRecord(path).record]).toEqual([['tcp 10.11.0.10:80', new Set(['10.11.0.11:80'])]])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
  it('is empty when missing, half-written or garbage, and says so where it is there', () => {
    const path = join(directory(), 'agent.owned')
    expect(loadRecord(path)).toEqual({ record: new Map(), trouble: null })
    saveRecord(path, text)
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      expect(loadRecord(path)).toMatchObject({
        record: new Map(),
        trouble: { code: 'record-damaged', severity: 'warning' },
      })
    }
  })
  it('that is damaged is kept aside when a new one is written', () => {
    const path = join(directory(), 'agent.owned')
    writeFileSync(path, 'garbage')
    expect(loadRecord(path).trouble).toMatchObject({ hint: expect.stringContaining(`${path}.damaged`) })
    expect(saveRecord(path, text)).toBeNull()
    expect(readFileSync(`${path}.damaged`, 'utf8')).toBe('garbage')
    expect(loadRecord(path)).toMatchObject({ trouble: null })
  })
  it('goes through no link, and waits for nothing that is no file', () => {
    const home = directory()
    const path = join(home, 'agent.owned')
    writeFileSync(join(home, 'precious'), 'precious')
    for (const name of [path, `${path}.new`]) symlinkSync(join(home, 'precious'), name)
    expect(loadRecord(path).trouble).toMatchObject({ message: expect.stringContaining('symbolic links') })
    expect(saveRecord(path, text)).toBeNull()
    expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('precious')
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(loadRecord(pipe).trouble).toMatchObject({ message: expect.stringContaining('FIFO') })
  })
  it.each([
    ['lines that are no services', 'nonsense\nmore', 0],
    ['places that are none', 'tcp 10.11.0.10:80\t10.11.0.999:80', 1],
    ['ports that are none', 'tcp 10.11.0.10:99999\t10.11.0.11:80', 0],
  ])('with %s and the right checksum owns nothing by them', (_, content, services) => {
    const path = join(directory(), 'agent.owned')
    saveRecord(path, content)
    const { record } = loadRecord(path)
    expect(record.size).toBe(services)
    for (const places of record.values()) expect(places.size).toBe(0)
  })
})

describe('the record on disk of another version', () => {
  const text = 'tcp 10.11.0.10:80\t10.11.0.11:80'
  it('may have more words in its head', () => {
    const path = join(directory(), 'agent.owned')
    saveRecord(path, text)
    const [head, rest] = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, `${head} lines=1\n${rest}`)
    expect(loadRecord(path)).toMatchObject({ record: new Map([['tcp 10.11.0.10:80', new Set(['10.11.0.11:80'])]]) })
  })
  it('counts as empty, says so, and is kept when a new one is written', () => {
    const path = join(directory(), 'agent.owned')
    const newer = 'lvsm-owned 2 whatever\nelse'
    writeFileSync(path, newer)
    const { record, trouble } = loadRecord(path)
    expect(record.size).toBe(0)
    expect(trouble).toMatchObject({ code: 'record-version', hint: expect.stringContaining(`${path}.version-2`) })
    expect(readFileSync(path, 'utf8')).toBe(newer)
    expect(saveRecord(path, text)).toBeNull()
    expect(readFileSync(`${path}.version-2`, 'utf8')).toBe(newer)
    expect(loadRecord(path)).toMatchObject({ trouble: null })
  })
})

describe('secrets in files', () => {
  const { config } = checkConfig(SAMPLE.replace(/secret: "\w+"/, 'file: key'))
  it('are read beside the configuration, and refused with a way out', () => {
    if (!config) throw new Error('refused')
    const home = directory()
    expect(readSecrets(config, join(home, 'a.yaml'), true).refusals).toMatchObject([
      { code: 'no-secret-file', field: 'keys[0].file' },
    ])
    writeFileSync(join(home, 'key'), 'swordfish\n', { mode: 0o600 })
    expect(readSecrets(config, join(home, 'a.yaml'), true).refusals).toMatchObject([{ code: 'bad-secret' }])
    writeFileSync(join(home, 'key'), `${'AB'.repeat(16)}\n`)
    expect(readSecrets(config, join(home, 'a.yaml'), true).secrets.get(1)).toBe('ab'.repeat(16))
  })
})

describe('the control socket', () => {
  const serve = (patienceMs?: number) => {
    const path = join(directory(), 'agent.sock')
    const events: ControlEvents = {
      count: () => undefined,
      pass: null,
      status: () => ({ node: 'dir1' }) as never,
      events: () => ({ events: [] }),
      cluster: (what) => Promise.resolve(what === 'events' ? { events: { events: [] } } : null),
      checks: () => {
        throw new Error('not asked here')
      },
      recorded: (agoMs) => Promise.resolve({ node: 'dir1', at: '', agoMs, spans: [], clockSet: false, found: null }),
      alerts: () => {
        throw new Error('not asked here')
      },
      rates: (service) => ({ node: 'dir1', asked: service ?? null }) as never,
      stats: (done) => done({ ok: true, text: '{"node":"dir1"}\n' }),
      metrics: (wanted, done) => done({ ok: true, text: `# ${JSON.stringify(wanted)}\n` }),
      connections: (wanted, done) => done({ ok: true, text: JSON.stringify(wanted) }),
      fence: () => {
        throw new Error('EPERM')
      },
      command: (id, asked) =>
        control.reply(
          id,
          asked.verb === 'switchover'
            ? { ok: true, report: { ...asked } }
            : { ok: false, fault: 'conflict', refusals: [{ code: 'moving', message: 'wait' }] },
        ),
      failed: (error) => {
        throw error
      },
      mayAgain: () => true,
      say: () => undefined,
    }
    const control: Control = serveControl(path, events, patienceMs)
    ends.push(() => control.close())
    const ask = (method: string, url: string, body?: string): Promise<{ status: number; value: unknown }> =>
      new Promise((resolve, reject) => {
        const outgoing = request({ socketPath: path, method, path: url, agent: false }, (incoming) => {
          let text = ''
          incoming.on('data', (chunk) => (text += chunk))
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, value: JSON.parse(text) }))
        })
        outgoing.on('error', reject)
        outgoing.end(body)
      })
    const text = (url: string): Promise<string> =>
      new Promise((resolve) => {
        request({ socketPath: path, path: url, agent: false }, (incoming) => {
          expect(incoming.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
          incoming.on('data', (chunk) => resolve(String(chunk)))
        }).end()
      })
    return { path, ask, text }
  }
  it('answers, and is for root only', async () => {
    const { path, ask } = serve()
    expect(await ask('GET', '/v1/status')).toEqual({ status: 200, value: { node: 'dir1' } })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await ask('POST', '/v1/switchover', '{"group":"web","to":"dir2"}')).toEqual({
      status: 200,
      value: { verb: 'switchover', group: 'web', to: 'dir2' },
    })
    expect(await ask('POST', '/v1/standby', '{"on":true}')).toMatchObject({ status: 409 })
  })
  it('passes on what the coordinators know, and says so where none of them answers', async () => {
    const { ask } = serve()
    expect(await ask('GET', '/v1/cluster/events')).toEqual({ status: 200, value: { events: [] } })
    expect(await ask('GET', '/v1/cluster/status')).toMatchObject({
      status: 503,
      value: { refusals: [{ code: 'no-coordinator' }] },
    })
  })
  it('hands counts of the kernel on as they are written', async () => {
    const { ask, text } = serve()
    expect(await ask('GET', '/v1/stats')).toEqual({ status: 200, value: { node: 'dir1' } })
    expect(await ask('GET', '/v1/connections?service=http&most=5')).toEqual({
      status: 200,
      value: { service: 'http', most: 5 },
    })
    expect(await text('/metrics?realservers=no&job=lvsm')).toBe('# {"realservers":"no"}\n')
    expect(await ask('GET', '/metrics?realservers=perhaps')).toMatchObject({ status: 400 })
    for (const query of ['most=10001', 'most=-1', 'most=x', 'nothing=1', `service=${'x'.repeat(101)}`])
      expect(await ask('GET', `/v1/connections?${query}`), query).toMatchObject({ status: 400 })
  })
  it('tells the rates of the last hours, of one service where it is named', async () => {
    const { ask } = serve()
    expect(await ask('GET', '/v1/rates')).toEqual({ status: 200, value: { node: 'dir1', asked: null } })
    expect(await ask('GET', '/v1/rates?service=http')).toMatchObject({ value: { asked: 'http' } })
    for (const query of ['moon=1', `service=${'x'.repeat(101)}`])
      expect(await ask('GET', `/v1/rates?${query}`), query).toMatchObject({ status: 400 })
  })
  it('says what was recorded so long ago, and refuses what is no time', async () => {
    const { ask } = serve()
    expect(await ask('GET', '/v1/recorded?ago=90000')).toMatchObject({ status: 200, value: { agoMs: 90_000 } })
    for (const query of ['', 'ago=', 'ago=-1', 'ago=soon', 'ago=1e9', `ago=${'9'.repeat(14)}`])
      expect(await ask('GET', `/v1/recorded?${query}`), query).toMatchObject({
        status: 400,
        value: { refusals: [{ field: 'ago' }] },
      })
  })
  it('gives up who never ends a request, so that many of them take no descriptors for good', async () => {
    const { path, ask } = serve(100)
    const begun = ['', 'GET /v1/sta', 'POST /v1/standby HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{']
    const ended = Array.from({ length: 60 }, (_, at) => begun[at % begun.length] ?? '').map(
      (text) =>
        new Promise<void>((resolve) => {
          const socket = createConnection(path, () => void socket.write(text))
          socket.on('error', () => undefined)
          socket.on('close', () => resolve())
          socket.resume()
        }),
    )
    expect(await ask('GET', '/v1/status')).toMatchObject({ status: 200 })
    await Promise.all(ended)
    expect(await ask('GET', '/v1/status')).toMatchObject({ status: 200 })
  })
  it.each<[string, string, string | undefined, number]>([
    ['POST', '/v1/switchover', '{', 400],
    ['POST', '/v1/switchover', 'null', 400],
    ['POST', '/v1/switchover', '{"group":1}', 400],
    ['POST', '/v1/standby', '{"on":"yes"}', 400],
    ['POST', '/v1/standby', `{"on":true,"name":"${'x'.repeat(101)}"}`, 400],
    ['POST', '/v1/switchover', `{"group":"web","to":"${'x'.repeat(101)}"}`, 400],
    ['POST', '/v1/status', '', 405],
    ['POST', '/v1/fence', '', 405],
    ['GET', '/v1/fence', undefined, 503],
    ['GET', '/v2', undefined, 404],
    ['POST', '/v1/standby', `"${'x'.repeat(70_000)}"`, 413],
  ])('refuses %s %s %#', async (method, url, body, status) => {
    const answer = await serve().ask(method, url, body)
    expect(answer).toMatchObject({
      status,
      value: { refusals: [expect.objectContaining({ code: expect.any(String) })] },
    })
  })
})

it('takes every message of the agent', () => expect(LONGEST_MESSAGE).toBeLessThanOrEqual(MAX_RELAY))

describe('the lease process’s socket', () => {
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  it.each([
    [{ version: 2 }, 'it is too new: it speaks version 2 of their socket, this lvsm-agent understands 1; install the'],
    [{ version: 3, least: 2 }, 'it is too new: it speaks version 3 '],
    [{ version: 0 }, 'it is too old: it speaks version 0 '],
    [{ version: 2, least: 1 }, null],
  ])('of a lease process that says %j', async (spoken, why) => {
    const path = join(directory(), 'lease.sock')
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      const hello = frame(fromLeaseCodec, { kind: 'hello', incarnation: 'x', ...spoken })
      const unknown = Buffer.from([0, 0, 0, 2, 99, 0])
      socket.write(Buffer.concat([hello, unknown, Buffer.from([0, 0, 0, 0])]))
    })
    await listening(server, path)
    const heard: string[] = []
    const lease = connectLease(path, {
      up: () => heard.push('up'),
      down: (reason) => heard.push(reason),
      heard: ({ kind }) => heard.push(kind),
      count: (reason) => heard.push(reason),
    })
    ends.push(
      () => lease.close(),
      () => server.close(),
    )
    await until(() => heard.length > (why === null ? 3 : 0))
    if (why === null)
      expect(heard).toEqual(['up', 'hello', 'drop-from-lease-unknown-kind', 'drop-from-lease-malformed'])
    else expect(heard[0]).toContain(why)
  })
  it('of one that is frozen takes no more than so much', async () => {
    const path = join(directory(), 'lease.sock')
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.pause()
      socket.write(frame(fromLeaseCodec, { kind: 'hello', incarnation: 'x', version: 1 }))
    })
    await listening(server, path)
    let up = false
    const quiet = { down: () => undefined, heard: () => undefined, count: () => undefined }
    const lease = connectLease(path, { ...quiet, up: () => void (up = true) })
    ends.push(
      () => lease.close(),
      () => server.close(),
    )
    await until(() => up)
    const payload = new Uint8Array(MAX_RELAY)
    const taken = Array.from({ length: 1000 }, () => lease.tell({ kind: 'relay', to: null, payload })).filter(Boolean)
    expect(taken.length).toBeGreaterThan(100)
    expect(taken.length * MAX_RELAY).toBeLessThan(2 * 1024 * 1024)
  })
  it('is connected to again after it went away', async () => {
    const path = join(directory(), 'lease.sock')
    const heard: string[] = []
    const said: unknown[] = []
    const lease = connectLease(path, {
      up: () => heard.push('up'),
      down: () => heard.push('down'),
      heard: (word) => heard.push(word.kind),
      count: () => undefined,
    })
    ends.push(() => lease.close())
    await until(() => heard.includes('down'))
    expect(lease.tell({ kind: 'standby', on: true, reason: '' })).toBe(false)
    for (const round of [1, 2]) {
      let client: Socket | undefined
      const server = createServer((socket) => {
        client = socket
        const splitter = new FrameSplitter()
        socket.on('data', (chunk) => {
          for (const bytes of splitter.push(chunk) ?? []) said.push(decode(toLeaseCodec, bytes))
        })
        socket.write(frame(fromLeaseCodec, { kind: 'hello', incarnation: 'x', version: 1 }))
      })
      await listening(server, path)
      await until(() => heard.filter((kind) => kind === 'up').length === round)
      lease.tell({ kind: 'standby', on: true, reason: 'test' })
      await until(() => said.length === round)
      expect(said.at(-1)).toEqual({ kind: 'standby', on: true, reason: 'test' })
      const before = heard.filter((kind) => kind === 'down').length
      client?.destroy()
      await new Promise((resolve) => server.close(resolve))
      await until(() => heard.filter((kind) => kind === 'down').length > before)
    }
  })
})
