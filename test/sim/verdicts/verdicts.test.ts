/** Lives of pools under every schedule of failures that a seed makes, and mistakes that such lives must notice. `npm run soak` lives others. */
import type * as Health from '@lvsm/health'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { AgentOptions } from '../../kit/agent-process.ts'
import { Violation } from '../law.ts'
import { PoolLife, type Wrap } from './life.ts'

/** Rules of packages/health that a mistake replaces, as long as it is planted. */
const planted = vi.hoisted((): { rules: Partial<typeof Health> } => ({ rules: {} }))
vi.mock('@lvsm/health', async (original) => {
  const own = await original<typeof Health>()
  const swapped: Partial<typeof Health> = {
    judge: (...words) => (planted.rules.judge ?? own.judge)(...words),
    choose: (...words) => (planted.rules.choose ?? own.choose)(...words),
    fell: (...words) => (planted.rules.fell ?? own.fell)(...words),
    finish: (...words) => (planted.rules.finish ?? own.finish)(...words),
    paceOf: (...words) => (planted.rules.paceOf ?? own.paceOf)(...words),
  }
  return { ...own, ...swapped }
})
const real = await vi.importActual<typeof Health>('@lvsm/health')

const LIVES = 10
/** Until a mistake is noticed. */
const SEEDS = 60

/** What a life shows; null: nothing. */
function brokenIn(life: PoolLife): string | null {
  try {
    life.live()
    return null
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw error
  }
}

test(`${LIVES} lives keep the laws, and put each of them to the question`, () => {
  const asked: Record<string, number> = {}
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const life = new PoolLife(seed)
      const broken = brokenIn(life)
      if (broken !== null) expect.fail([broken, JSON.stringify(life.pools), ...life.history.slice(-40)].join('\n'))
      for (const [law, times] of Object.entries(life.law.asked)) asked[law] = (asked[law] ?? 0) + times
    }),
    { numRuns: LIVES, endOnFailure: true },
  )
  expect(Object.entries(asked).filter(([, times]) => times < LIVES)).toEqual([])
})

test('the same seed is the same life', () => {
  const [one, again] = [new PoolLife(7), new PoolLife(7)]
  one.live()
  again.live()
  expect(one.history).toEqual(again.history)
  expect(one.history.length).toBeGreaterThan(100)
})

type Input = Parameters<Parameters<AgentOptions['wrap']>[0]>[0]
type Check = Extract<Input, { kind: 'config' }>['config']['services'][number]['check']
const honest: Wrap = () => (step) => step
/** The agent goes by another check than the one that is written. */
const goesBy =
  (change: (check: Check) => Check): Wrap =>
  () =>
  (step) =>
  (input, now) => {
    if (input.kind !== 'config') return step(input, now)
    const services = input.config.services.map((one) => ({ ...one, check: change(one.check) }))
    return step({ ...input, config: { ...input.config, services } }, now)
  }
const paced = (change: Partial<Check['pacing']>): Wrap =>
  goesBy((check) => ({ ...check, pacing: { ...check.pacing, ...change } }))
const hears =
  (change: (input: Input) => Input): Wrap =>
  () =>
  (step) =>
  (input, now) =>
    step(change(input), now)

interface Mistake {
  readonly shows: RegExp
  readonly rules?: Partial<typeof Health>
  readonly wrap?: Wrap
}
const MISTAKES: Readonly<Record<string, Mistake>> = {
  'one failure is enough': { shows: /^(?:leaves|work|late)/, wrap: goesBy((check) => ({ ...check, fall: 1 })) },
  'one good answer is enough': { shows: /^(?:comes|work)/, wrap: goesBy((check) => ({ ...check, rise: 1 })) },
  'failures need not be in a row': {
    shows: /^(?:leaves|work)/,
    rules: {
      judge(health, result, damping) {
        const judged = real.judge(health, result, damping)
        return judged.healthy === health.healthy && result.ok === health.healthy
          ? { ...judged, against: health.against }
          : judged
      },
    },
  },
  'the last one leaves as well': { shows: /^floor/, wrap: goesBy((check) => ({ ...check, keepLast: false })) },
  'who is held out stays out, whoever else fails': {
    shows: /^floor/,
    rules: {
      choose(members, last, rule) {
        const held = new Set(members.flatMap((one) => (one.held === true ? [one.id] : [])))
        const choice = real.choose(members, last, rule)
        const left = (ids: ReadonlySet<string>) => new Set([...ids].filter((id) => !held.has(id)))
        return { ...choice, serving: left(choice.serving), taking: left(choice.taking) }
      },
    },
  },
  'no cap on ejections': { shows: /^cap/, wrap: paced({ maxEjection: 100 }) },
  'no panic': { shows: /^panic/, wrap: paced({ panic: 0 }) },
  'a panic that does not end': {
    shows: /^(?:comes|out|hold)/,
    rules: {
      choose: (members, last, rule) => real.choose(members, last, { ...rule, panic: (rule.panic ?? 0) > 0 ? 100 : 0 }),
    },
  },
  'a cap brings back who is out': {
    shows: /^(?:comes|out)/,
    rules: {
      choose(members, last, rule) {
        const everybody = new Set(members.map(({ id }) => id))
        return real.choose(members, (rule.maxEjection ?? 100) < 100 ? { ...last, serving: everybody } : last, rule)
      },
    },
  },
  'nobody is held out': { shows: /^(?:flapping|comes|hold)/, wrap: paced({ flapHoldMs: 0 }) },
  'a hold does not end in its time': {
    shows: /^in/,
    rules: { fell: (flap, now, holdMs) => real.fell(flap, now, 10 * holdMs) },
  },
  'a hold does not grow': {
    shows: /^(?:flapping|comes|hold)/,
    rules: {
      fell(flap, now, holdMs) {
        const fallen = real.fell(flap, now, holdMs)
        return { ...fallen, falls: fallen.falls.slice(-real.FLAPPING.falls) }
      },
    },
  },
  'who nobody knows of has failed': {
    shows: /^leaves/,
    wrap: hears((input) => (input.kind === 'checked' && input.ok === null ? { ...input, ok: false } : input)),
  },
  'the next question does not wait for the answer': {
    shows: /^(?:twice|often)/,
    wrap: paced({ fastIntervalMs: 10 }),
  },
  'an answer that was waited for is not noticed': { shows: /^(?:late|forgotten)/, rules: { finish: () => undefined } },
  'who failed is asked every minute': {
    shows: /^forgotten/,
    rules: { paceOf: (health, paces) => (health.healthy === false ? 60_000 : real.paceOf(health, paces)) },
  },
  'the kernel’s table is read as if nobody took connections': {
    shows: /^work/,
    wrap: hears((input) =>
      input.kind === 'observed'
        ? {
            ...input,
            observed: {
              ...input.observed,
              services:
                input.observed.services?.map((one) => ({
                  ...one,
                  dests: one.dests.map((dest) => ({ ...dest, weight: dest.weight + 1 })),
                })) ?? null,
            },
          }
        : input,
    ),
  },
}

test.each(Object.entries(MISTAKES))('%s: noticed', (_, { shows, rules = {}, wrap = honest }) => {
  planted.rules = rules
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const broken = brokenIn(new PoolLife(seed, wrap))
      if (broken !== null) return expect(broken).toMatch(shows)
    }
  } finally {
    planted.rules = {}
  }
  expect.fail(`not noticed in ${SEEDS} lives`)
})
