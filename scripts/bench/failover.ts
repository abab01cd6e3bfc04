/**
 * `npm run bench -- failover`: both systems under the same faults, each fault for both in one boot; then what an idle
 * cluster costs. One boot for each turn, because QEMU throws all translated code away once, after some ten minutes: 200 ms
 * at ten times the price, for whoever runs just then.
 */
import { closeLabs, openStage } from '../lab/opening.ts'
import { LabError } from '../lab/paths.ts'
import type { Stage } from '../lab/stage.ts'
import { type Fault, POWER_CUT, STOP, SWITCHOVER, TURNS } from './faults.ts'
import { type Figure, failoverFigures } from './figures.ts'
import { idleFigures } from './idle.ts'
import { keepalived, lvsm, type System } from './systems.ts'
import { type Run, watch } from './watch.ts'

export interface Outcome {
  readonly figures: readonly Figure[]
  readonly runs: readonly Run[]
  /** Runs that tell nothing, one line for each system and fault with such. */
  readonly astray: readonly string[]
}

export async function failover(runs: number, progress: (text: string) => void): Promise<Outcome> {
  const taken: Run[] = []
  const astray: string[] = []
  for (const faults of TURNS) {
    const stage = await openStage({ topology: 'pair', cluster: 'later' })
    const attack = (system: System) => suffer(stage, system, faults, runs, { taken, astray }, progress)
    await stage.verb('peer', 'start', 'keepalived')
    await attack(keepalived)
    await stage.verb('peer', 'stop')
    progress('starting the lvsm cluster in the same boot')
    await stage.verb('cluster')
    await attack(lvsm)
    closeLabs()
  }
  const names = { cut: POWER_CUT.name, stop: STOP.name, switchover: SWITCHOVER.name }
  return { figures: [...failoverFigures(taken, names), ...(await idleFigures(progress))], runs: taken, astray }
}

async function suffer(
  stage: Stage,
  system: System,
  faults: readonly Fault[],
  runs: number,
  { taken, astray }: { readonly taken: Run[]; readonly astray: string[] },
  progress: (text: string) => void,
): Promise<void> {
  for (const fault of faults) {
    if (fault.only && fault.only !== system.name) continue
    const count = runs * (fault.times ?? 1)
    let gone = 0
    for (let number = 1; number <= count; number++) {
      const run = await watch(stage, system, fault)
      if (typeof run === 'string') {
        progress(`${system.name}: ${fault.name} ${number}/${count}: ${run}; once more`)
        if (++gone > count)
          throw new LabError(
            `${system.name}: ${fault.name}: more runs went astray than were asked for`,
            'use a machine with less to do',
          )
        number -= 1
        continue
      }
      taken.push(run)
      progress(
        `${system.name}: ${fault.name} ${number}/${count}: gap ${run.gapMs.toFixed(0)} ms, longest request ${run.requestMs.toFixed(0)} ms, ` +
          `silence ${run.silenceMs.toFixed(0)} ms, two owners ${run.twoOwnersMs.toFixed(0)} ms, failed ${run.failed} of ${run.requests}` +
          (run.unseen === null ? '' : `, ${run.unseen}`) +
          (run.failed > 0 ? ` (${[...new Set(run.errors)].join(', ')})` : ''),
      )
    }
    if (gone > 0) astray.push(`${system.name}, ${fault.name}: ${gone} of ${gone + count}`)
  }
}
