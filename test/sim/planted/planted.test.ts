/** The simulator is tested too: each planted mistake must be noticed by a law or a promise. */
import { expect, test } from 'vitest'
import { live, type Outcome } from '../life.ts'
import { plotNamed } from '../repertoire.ts'
import { AGENTS } from './agents.ts'
import { EPOCHS } from './epochs.ts'
import { FENCE } from './fence.ts'
import { HEADS } from './heads.ts'
import { PASTS } from './pasts.ts'
import { TALK } from './talk.ts'
import { VOTES } from './votes.ts'

const SEEDS = 300

/** Lives that showed what few show, each mistake its own: lived first, for each costs much; where they show it no more, all are. */
const KNOWN: Readonly<Record<string, number>> = {
  'a director that is ready needs no votes': 7,
  'whoever has the votes is ready': 7,
  'a group whose owner is not known has none': 38,
  'who hears no majority says that nobody owns what it does not hear': 38,
  'a realserver of which nothing was told serves': 16,
  'ping nodes that others do not reach say nothing of who takes over': 32,
  'who has another configuration could take over': 16,
  'a lost epoch is whatever the agent has': 37,
  'votes are lent anew to two machines with one name, and theirs count': 94,
}
function* seedsFor(name: string): Iterable<number> {
  if (Object.hasOwn(KNOWN, name)) yield KNOWN[name] ?? 1
  for (let seed = 1; seed <= SEEDS; seed++) yield seed
}

/** Plot and seed → what became of that life without any mistake: one that fails by itself catches nothing. */
const sound = new Map<string, string>()
function demandSound(name: string, seed: number, life: () => Outcome): void {
  const key = `${name} ${seed}`
  const why = sound.get(key) ?? failureOf(life())
  sound.set(key, why)
  if (why !== '') expect.fail(`${name} fails with seed ${seed} and no mistake in it: ${why}`)
}
const failureOf = ({ failure, why }: Outcome): string => (failure === null ? '' : why)

test.each([...VOTES, ...EPOCHS, ...FENCE, ...TALK, ...AGENTS, ...HEADS, ...PASTS])(
  '$name ($clause)',
  { timeout: 180_000 },
  ({ name: mistake, plant, plots }) => {
    for (const seed of seedsFor(mistake)) {
      for (const name of plots) {
        const plot = plotNamed(name)
        if (!plot) expect.fail(`there is no plot ${name}`)
        const { kind } = live(plot, seed, plant)
        if (kind === 'safety' || kind === 'liveness') return demandSound(name, seed, () => live(plot, seed))
      }
    }
    expect.fail(`not caught in ${SEEDS} lives`)
  },
)
