import { createServer, Socket } from 'node:net'
import { silenceOf } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { type Ask, attempt } from './attempt.ts'
import { OWN } from './fixture.ts'
import { type Answer, answerOf, askAgain, SecondQuestions, secondText, slowOpening } from './second-question.ts'

const TARGET = { probe: 'connect', address: '10.12.0.11', port: 80, source: null }

describe('what is said of an answer', () => {
  test('one that came late is a slow way, and no filter; nothing at all may be one, or a machine that is down', () => {
    expect(secondText(1400, 1000)).toBe(
      'a second question was answered after 1.4 s: a slow way, lost packets, or a full accept queue, and no filter that drops all',
    )
    expect(secondText(3, 1000)).toMatch(/after 0 ms: some packets are lost/)
    expect(secondText('silent', 1000)).toMatch(/within 6 s: a machine that is down, a packet filter/)
    expect(secondText('nobody', 1000)).toMatch(/ARP/)
  })
  test.each([
    ['silent', 'silent'],
    ['nobody', 'nobody'],
    [3, 'late'],
    [1400, 'late'],
  ] as const)('%s is read as %s by whoever concludes from it', (answer, read) => {
    expect(silenceOf(`no answer within 1000 ms: ${secondText(answer, 1000)}`)).toBe(read)
  })
  test('a connection that was opened slowly says so; one that was opened at once does not', () => {
    expect(slowOpening(702)).toMatch(/^: to open the connection took 700 ms/)
    expect(slowOpening(2)).toBe('')
    expect(slowOpening(null)).toBe('')
  })
  test('of errors: a refusal is one, a way that is not there is no ARP, and neither is what a packet filter says at once', () => {
    const of = (code: string, tookMs: number): Answer => answerOf(Object.assign(new Error(code), { code }), tookMs)
    expect(of('ECONNREFUSED', 12)).toBe(12)
    expect(of('ENETUNREACH', 3000)).toBeUndefined()
    expect(of('EHOSTUNREACH', 3000)).toBe('nobody')
    expect(of('EHOSTUNREACH', 12)).toBeUndefined()
  })
})

/** Whose clock stands where it is put. */
function asking() {
  const asked: ((answer: Answer) => void)[] = []
  const clock = { ms: 0 }
  const questions = new SecondQuestions(
    (_, done) => void asked.push(done),
    () => clock.ms,
  )
  return { asked, clock, questions, of: (more = {}) => questions.of({ ...TARGET, ...more }, 1000) }
}

test('what was found is said the next time, until something else is found, or it is heard', () => {
  const { asked, clock, questions, of } = asking()
  expect(of()).toBe('')
  expect(asked, 'once is nothing').toHaveLength(0)
  expect([of(), of()]).toEqual(['', ''])
  expect(asked).toHaveLength(1)
  asked[0]?.('silent')
  expect(of()).toMatch(/^: nor to a second question/)
  clock.ms += 60_000
  expect(of()).toMatch(/^: nor to a second question/)
  asked[1]?.(1400)
  expect(of()).toMatch(/after 1\.4 s/)
  clock.ms += 60_000
  of()
  asked[2]?.(undefined)
  expect(of(), 'nobody knows').toBe('')
  clock.ms += 60_000
  of()
  asked[3]?.('silent')
  expect(of()).not.toBe('')
  questions.isHeard(TARGET)
  expect([of(), of()]).toEqual(['', ''])
})
test('an answer that comes when the check is well again is of no later failure', () => {
  const { asked, clock, questions, of } = asking()
  of()
  of()
  questions.isHeard(TARGET)
  asked[0]?.(3000)
  expect(of()).toBe('')
  clock.ms += 3_600_000
  expect([of(), of()]).toEqual(['', ''])
})
test('nor one of a place that was heard, and is silent again', () => {
  const { asked, questions, of } = asking()
  of()
  of()
  questions.isHeard(TARGET)
  of()
  asked[0]?.('silent')
  expect(of()).toBe('')
})
test('a place is asked once a minute at most, whatever it does, and from whichever address', () => {
  const { asked, clock, questions, of } = asking()
  for (; clock.ms < 60_000; clock.ms += 500) {
    if (clock.ms % 5000 === 0) questions.isHeard(TARGET)
    of()
    of({ source: '10.12.0.1' })
    asked.at(-1)?.(1200)
  }
  expect(asked).toHaveLength(1)
  clock.ms += 500
  of()
  expect(asked).toHaveLength(2)
})
test.each(['mysql', 'postgres', 'smtp', 'imap', 'ldap', 'expect', 'agent'])('a server of %s is not asked', (probe) => {
  const { asked, of } = asking()
  for (let count = 0; count < 4; count++) expect(of({ probe })).toBe('')
  expect(asked).toHaveLength(0)
})
test('nobody through IPVS: what is found there may be of another realserver', () => {
  const { asked, of } = asking()
  const virtual = { address: TARGET.address, port: 80 }
  for (let count = 0; count < 4; count++) expect(of({ virtual })).toBe('')
  expect(asked).toHaveLength(0)
  of({ virtual: { ...virtual, address: '10.12.0.10' } })
  of({ virtual: { ...virtual, address: '10.12.0.10' } })
  expect(asked).toHaveLength(1)
})
test('where this process stood still, that failure is none of the server', () => {
  const { asked, questions, of } = asking()
  questions.of(TARGET, 1000, true)
  of()
  questions.of(TARGET, 1000, true)
  expect(asked).toHaveLength(0)
  of()
  expect(asked).toHaveLength(1)
})
test('places that were left while they were silent take no room from others', () => {
  const { asked, clock, of } = asking()
  for (let port = 1; port <= 30_000; port++) of({ port })
  of({ port: 40_000 })
  of({ port: 40_000 })
  expect(asked).toHaveLength(1)
  asked[0]?.('silent')
  clock.ms += 3_600_000
  expect([of({ port: 40_000 }), asked.length], 'an hour later it is a new failure').toEqual(['', 1])
})
test('many at once are asked in turns', () => {
  const { asked, of } = asking()
  for (const _ of [1, 2]) for (let port = 1; port <= 1000; port++) of({ port })
  expect(asked).toHaveLength(64)
})

test('an answer that waited while this process stood still is not known', async () => {
  const server = createServer((socket) => socket.resume())
  const port = await new Promise<number>((resolve) =>
    server.listen(0, OWN, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    }),
  )
  const target = { ...TARGET, address: OWN, port }
  expect(await new Promise((resolve) => askAgain(target, resolve))).toBeTypeOf('number')
  const still = new Promise((resolve) => askAgain(target, resolve))
  const until = performance.now() + 400
  while (performance.now() < until);
  expect(await still).toBeUndefined()
  server.close()
})

describe('of checks', () => {
  const silent: Ask = (_, __, trace) => {
    trace.socket(new Socket())
    return { sofar: () => 'no answer', close: () => undefined }
  }
  const refused: Ask = (job, end, trace) => {
    trace.socket(new Socket())
    end(false, 'connection refused: nothing listens there, or a packet filter rejects it')
    return { sofar: () => '', close: () => undefined }
  }
  const asks = (asks: readonly Ask[]): Promise<number> => {
    const { asked, questions } = asking()
    const job = { id: 1, keys: {}, timeoutMs: 20, ...TARGET }
    const each = (ask: Ask): Promise<unknown> => new Promise((resolve) => attempt(ask, job, resolve, questions))
    return asks
      .reduce<Promise<unknown>>((before, ask) => before.then(() => each(ask)), Promise.resolve())
      .then(() => asked.length)
  }
  test('two in a row without an answer ask; a refusal between them is an answer', async () => {
    expect(await asks([silent, silent])).toBe(1)
    expect(await asks([silent, refused, silent])).toBe(0)
  })
})
