/** Which coordinator is called when: over TLS, with coordinators that do what a test wants. */
import { seededRandom } from '@lvsm/base'
import { expect, onTestFinished, test } from 'vitest'
import { facts, gives, member, Played, QUICK, until } from '../../fixture-following.ts'
import { Caller, type CallerOptions, type Place } from './caller.ts'

const FOLLOW = { kind: 'follow', revision: 0, sum: null } as const
const REFUSED = { kind: 'refused', refusal: { code: 'no-leader', message: 'nobody leads' } } as const
const NOWHERE: Place = { address: { host: '127.0.0.1', port: 1 }, key: 'ab'.repeat(32) }
const placeOf = ({ place: { addresses, key } }: Played): Place => ({ address: addresses[0] ?? NOWHERE.address, key })

/** It asks on each connection, and takes facts as an answer. */
async function calling(options: Partial<CallerOptions>, seed: number, ...places: readonly Place[]) {
  const one = { places, opened: 0, silent: [] as string[], answers: 0 }
  const caller = new Caller(
    await member('rs1'),
    {
      places: () => one.places,
      opened() {
        one.opened += 1
        caller.say(FOLLOW)
      },
      heard(text) {
        if (text.includes('nobody leads')) return caller.refused('nobody leads')
        one.answers += 1
        caller.satisfied()
      },
      closed: () => undefined,
      silent: (reason) => void one.silent.push(reason),
    },
    seededRandom(seed),
    { ...QUICK, ...options },
  )
  onTestFinished(() => caller.close())
  return { one, caller }
}

test('what was answered is waited for no more, however often it was asked', async () => {
  const played = await new Played().listen()
  let pings = 0
  played.answer = gives(facts(0))
  const { one, caller } = await calling({ probeMs: 100, answerMs: 400 }, 1, placeOf(played))
  await until(() => one.answers === 1)
  caller.say(FOLLOW)
  caller.say(FOLLOW)
  await until(() => one.answers === 3)
  played.sockets[0]?.on('ping', () => (pings += 1))
  await until(() => pings > 8)
  expect(one).toMatchObject({ opened: 1, silent: [] })
})

test('one that answers no more is left, though it gives signs of life', async () => {
  const played = await new Played().listen()
  const { one } = await calling({ answerMs: 200 }, 1, placeOf(played))
  await until(() => one.opened > 1)
  expect(one.silent[0]).toBe('it gives no answer')
})

test('where nobody is there the pauses stay short, and where somebody refuses they grow; after an answer they begin anew', async () => {
  const played = await new Played().listen()
  let asked = 0
  played.answer = (message, say) => {
    if (message.kind !== 'follow') return
    asked += 1
    say(asked === 1 ? facts(0) : REFUSED)
  }
  const { one } = await calling({ backoffMs: [1, 2, 3_600_000] }, 1, NOWHERE)
  // Pauses that go on to double take minutes now.
  await until(() => one.silent.length > 20)
  one.places = [placeOf(played)]
  await until(() => one.answers === 1)
  played.sockets[0]?.terminate()
  // They double from the first one on.
  await until(() => asked > 6)
})

test.each([1, 2, 3, 4])(
  'one that refuses hears this node all the same, where nobody else does better (%d)',
  async (seed) => {
    const played = await new Played().listen()
    played.answer = gives(REFUSED)
    const place = placeOf(played)
    const { one, caller } = await calling({ backoffMs: [60_000, 60_000, 60_000] }, seed, place, NOWHERE)
    await until(() => one.silent.length === 1)
    expect(caller.followed).toEqual(place)
    expect(one.silent).toEqual(['nobody leads'])
  },
)
