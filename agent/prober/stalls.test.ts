/** A server is not dead because this process was slow. */
import { afterEach, describe, expect, it } from 'vitest'
import { attempt } from './attempt.ts'
import { ask, Servers } from './fixture.ts'
import { Stalls } from './stalls.ts'

const servers = new Servers()
afterEach(() => servers.end())
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

it('what its timer was late is what was lost, right now too', () => {
  let now = 0
  const stalls = new Stalls(() => now)
  for (; now <= 1000; now += 25) stalls.ring()
  expect(stalls.lostMs()).toBe(0)
  now = 1275
  expect(stalls.lostMs()).toBe(250)
  stalls.ring()
  now += 26
  stalls.ring()
  expect(stalls.lostMs()).toBe(250)
})

describe('a check during which this process stood still', () => {
  const talks = (): Promise<number> =>
    servers.raw((socket) => {
      socket.write('220 mail\r\n')
      socket.on('data', () => socket.write('250 well\r\n'))
    })
  it('goes on for as long, and hears the rest of the conversation', async () => {
    const port = await talks()
    const answer = ask('smtp', port, {}, 200)
    block(400)
    expect(await answer).toEqual({ ok: true, reason: 'says "250 well"' })
  })
  it('fails all the same where the server is silent and this process was in time', async () => {
    const port = await servers.raw(() => undefined)
    expect(await ask('smtp', port, {}, 200)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('within 200 ms'),
    })
  })
  it('and for longer than the check may take says nothing of the server', async () => {
    const port = await servers.raw(() => undefined)
    const answer = ask('smtp', port, {}, 200)
    block(500)
    expect(await answer).toEqual({ ok: null, reason: expect.stringContaining('this machine was too busy') })
  })
  it('is over after its time and as much again, whatever becomes of this process', async () => {
    const began = performance.now()
    const job = { id: 1, probe: 'x', keys: {}, address: '', port: 0, source: null, timeoutMs: 300 }
    const busy = setInterval(() => block(40), 1)
    const ok = await new Promise((resolve) =>
      attempt(() => ({ sofar: () => 'no answer', close: () => undefined }), job, resolve),
    )
    clearInterval(busy)
    expect([ok, performance.now() - began < 1500]).toEqual([null, true])
  })
})
