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
  ({ plant, plots }) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
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
