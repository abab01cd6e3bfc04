/** `npm run bench -- failover`: both systems under the same faults in one boot; then what an idle cluster costs. */
import { closeLabs, openStage } from '../lab/opening.ts'
import type { Stage } from '../lab/stage.ts'
import { FAULTS, POWER_CUT, STOP, SWITCHOVER } from './faults.ts'
import { type Figure, failoverFigures } from './figures.ts'
import { idleFigures } from './idle.ts'
import { keepalived, lvsm, type System } from './systems.ts'
import { type Run, watch } from './watch.ts'

export interface Outcome {
  readonly figures: readonly Figure[]
  readonly runs: readonly Run[]
}

export async function failover(runs: number, progress: (text: string) => void): Promise<Outcome> {
  const stage = await openStage({ topology: 'pair', cluster: 'later' })
  const taken: Run[] = []
  await stage.verb('peer', 'start', 'keepalived')
  await attack(stage, keepalived, runs, taken, progress)
  await stage.verb('peer', 'stop')
  progress('starting the lvsm cluster in the same boot')
  await stage.verb('cluster')
  await attack(stage, lvsm, runs, taken, progress)
  closeLabs()
  const names = { cut: POWER_CUT.name, stop: STOP.name, switchover: SWITCHOVER.name }
  return { figures: [...failoverFigures(taken, names), ...(await idleFigures(progress))], runs: taken }
}

async function attack(
  stage: Stage,
  system: System,
  runs: number,
  taken: Run[],
  progress: (text: string) => void,
): Promise<void> {
  for (const fault of FAULTS) {
    if (fault.only && fault.only !== system.name) continue
    for (let number = 1; number <= runs; number++) {
      const run = await watch(stage, system, fault)
      taken.push(run)
      progress(
        `${system.name}: ${fault.name} ${number}/${runs}: gap ${run.gapMs.toFixed(0)} ms, longest request ${run.requestMs.toFixed(0)} ms, ` +
          `two owners ${run.twoOwnersMs.toFixed(0)} ms, failed ${run.failed} of ${run.requests}`,
      )
    }
  }
}
