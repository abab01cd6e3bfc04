/** HAProxy's agent protocol, and weights by exit code. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { attempt } from './attempt.ts'
import { ask, explained, OWN, Servers } from './fixture.ts'
import { readAgentLine } from './probes/agent.ts'
import { PROBES } from './probes/index.ts'

const servers = new Servers()
const folders: string[] = []
afterEach(() => {
  servers.end()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

it.each([
  ['up', { up: true }],
  ['75%', { percent: 75 }],
  ['ready,up 50%', { admin: 'ready', up: true, percent: 50 }],
  ['DRAIN', { admin: 'drain' }],
  ['maint\t100%', { admin: 'maint', percent: 100 }],
  ['down#disk is full', { up: false }],
  ['stopped', { up: false }],
  ['failed', { up: false }],
  ['maxconn:30 up', { up: true }],
  ['999999%', { percent: 1000 }],
  ['-5% 7', {}],
])('%j means %j', (line, word) => {
  expect(readAgentLine(line).word).toEqual(word)
})

it('whatever it says, there is a word within its bounds, or none', () => {
  const some = fc.array(fc.oneof(fc.string(), fc.constantFrom('up', '75%', 'drain', '#', ',', '9'.repeat(40) + '%')))
  fc.assert(
    fc.property(some, (pieces) => {
      const { word, empty } = readAgentLine(pieces.join(' '))
      const { percent = 0 } = word
      return percent >= 0 && percent <= 1000 && empty === (Object.keys(word).length === 0)
    }),
    { numRuns: 2000 },
  )
})

it('is asked, and says why', async () => {
  const heard: string[] = []
  const port = await servers.raw((socket) => {
    socket.on('data', (bytes) => {
      heard.push(bytes.toString())
      socket.end('down 40% # disk is full\n')
    })
  })
  expect(await explained('agent', port, { send: 'state\\n' })).toMatchObject({
    ok: false,
    reason: 'its agent says "down 40%": disk is full',
    found: { agent: { up: false, percent: 40 } },
  })
  expect(heard).toEqual(['state\n'])
})

it('one that says nothing that is known changes nothing, and one that is not there fails', async () => {
  const strange = await servers.raw((socket) => socket.end('hello\n'))
  expect(await ask('agent', strange)).toEqual({ ok: null, reason: 'its agent says nothing that is known: "hello"' })
  expect((await ask('agent', 1)).ok).toBe(false)
  const silent = await servers.raw((socket) => socket.end())
  expect((await ask('agent', silent)).ok).toBe(false)
})

it('one without a word changes nothing while the server accepts connections, and it failed with the server', async () => {
  const serves = await servers.raw((socket) => socket.resume())
  const silent = await servers.raw((socket) => socket.resume())
  const closing = await servers.raw((socket) => socket.end())
  const asked = (port: number, at: number): Promise<readonly [boolean | null, string]> =>
    new Promise((resolve) =>
      attempt(
        PROBES.agent,
        { ...{ id: 1, probe: 'agent', keys: {}, address: OWN, port, source: null, timeoutMs: 600 }, serves: at },
        (ok, reason) => resolve([ok, reason]),
      ),
    )
  const endless = await servers.raw((socket) => socket.end('up'))
  const strange = await servers.raw((socket) => socket.end('hello\n'))
  for (const port of [1, silent, closing, endless, strange]) {
    expect(await asked(port, serves)).toEqual([
      null,
      expect.stringMatching(/its agent says nothing .*the server accepts|the server accepts .*its agent says nothing/),
    ])
    expect((await asked(port, 2))[0], 'nor does the server').toBe(false)
  }
  const down = await servers.raw((socket) => socket.end('down\n'))
  expect((await asked(down, serves))[0], 'its word counts, whatever the server does').toBe(false)
  const up = await servers.raw((socket) => socket.end('up\n'))
  expect((await asked(up, 2))[0]).toBe(true)
})

it('the first CR or LF ends its line, and a line without an end is ignored, as HAProxy ignores it', async () => {
  const saying = async (...pieces: readonly string[]) => {
    const port = await servers.raw((socket) => {
      for (const piece of pieces) socket.write(piece)
      socket.end()
    })
    const { ok, reason, found } = await explained('agent', port)
    return [ok, reason, found.agent]
  }
  expect(await saying('75%\rdown\n')).toEqual([true, 'its agent says "75%"', { percent: 75 }])
  expect(await saying('do', 'wn\r\n')).toEqual([false, 'its agent says "down"', { up: false }])
  for (const cut of ['do', 'down', 'up 1', 'a'.repeat(5000)])
    expect(await saying(cut)).toEqual([null, 'its agent says a line without an end', undefined])
  // Without waiting for what may still come.
  const open = await servers.raw((socket) => socket.write('down\r'))
  expect((await ask('agent', open)).ok).toBe(false)
})

it.each([
  [0, true, undefined],
  [1, false, undefined],
  [2, true, 0],
  [52, true, 50],
  [255, true, 253],
])('a program of keepalived that ends with %i, where it may say a weight: %j, %j', async (code, ok, weight) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-weights-'))
  folders.push(folder)
  const path = join(folder, 'check')
  writeFileSync(path, `#!/bin/sh\nexit ${code}\n`)
  chmodSync(folder, 0o755)
  chmodSync(path, 0o755)
  const keys = { command: [path], contract: 'keepalived', 'dynamic-weight': true }
  const told = await explained('script', 80, keys)
  expect([told.ok, told.found.weight]).toEqual([ok, weight])
  const plain = await explained('script', 80, { ...keys, 'dynamic-weight': false })
  expect([plain.ok, plain.found.weight]).toEqual([code === 0, undefined])
})
