/**
 * `lvsm-agent --give-back`: nothing of the cluster is wanted in this kernel any more. What is ours goes, in the order in which that is safe, and
 * settings are as they were before us: by the plan of a node that has nothing to do. What bears no mark of ours is known by the record, so this
 * comes before the state directory goes.
 */
import { DAEMON_EXITS, type DaemonExit } from '@lvsm/protocol'
import { describeRefusal } from '@lvsm/base'
import {
  audit,
  describeOperation,
  diff,
  forget,
  formerSettings,
  isGueWanted,
  NOTHING_DESIRED,
  type Observed,
  type Operation,
  type OwnedRecord,
  ownsServices,
  Refusals,
  rememberSettings,
  sinceBoot,
  writeRecord,
} from '@lvsm/plan'
import type { Alone } from '../process/alone.ts'
import { takeDirectories } from '../process/directories.ts'
import { loadRecord, saveRecord } from './adapters/files.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { removeOwnTables } from './adapters/kernel/own-tables.ts'
import { refuseRights } from './adapters/preflight.ts'
import { bootId } from './adapters/programs.ts'
import { recordPath } from './kept.ts'
import type { Kernel } from './ports.ts'

/** One plan would do; what came up meanwhile, or was refused for a moment, is tried again. */
const ROUNDS = 3

export interface GivenBack {
  /** One line for each operation. */
  readonly done: readonly string[]
  /** What stays, and why. */
  readonly faults: readonly string[]
}

/** `save` before anything is changed: what was given back is remembered no more only when it is seen to be so. */
export function giveBack(
  kernel: Pick<Kernel, 'observe' | 'apply'>,
  record: OwnedRecord,
  save: (record: OwnedRecord) => void,
): GivenBack {
  const done: string[] = []
  let owned = record
  let faults: readonly string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const observed = kernel.observe({
      sysctls: formerSettings(owned),
      services: ownsServices(owned),
      gue: isGueWanted([], owned),
    })
    const plan = diff(observed, NOTHING_DESIRED, owned)
    owned = remembered(owned, observed, plan)
    save(owned)
    if (plan.length === 0) return { done, faults: [] }
    const broken = audit(plan, { observed, owned, held: new Set() })
    if (broken.length > 0) return { done, faults: broken }
    faults = carryOut(kernel, plan, done)
  }
  return { done, faults: faults.length > 0 ? faults : ['somebody changes it again and again'] }
}

function remembered(owned: OwnedRecord, observed: Observed, plan: readonly Operation[]): OwnedRecord {
  const settings = rememberSettings(owned, observed, NOTHING_DESIRED, plan)
  return observed.services === null ? settings : forget(settings, [], observed.services)
}

function carryOut({ apply }: Pick<Kernel, 'apply'>, plan: readonly Operation[], done: string[]): string[] {
  const refusals = new Refusals(plan)
  return plan.flatMap((operation): string[] => {
    if (refusals.holdsBack(operation)) return []
    const failure = apply(operation)
    if (failure === null) {
      done.push(describeOperation(operation))
      return []
    }
    refusals.add(operation)
    return [`cannot ${describeOperation(operation)}: ${failure.message}`]
  })
}

interface Process {
  alone(): Alone
  say(text: string): void
  print(text: string): void
  exit(code: number): void
}
interface Places {
  readonly runDir: string
  readonly stateDir: string
}

export function runGiveBack(places: Places, program: Process): void {
  const end = (exit: DaemonExit, ...lines: readonly string[]): void => {
    for (const line of lines) program.say(line)
    program.exit(DAEMON_EXITS[exit].code)
  }
  const rights = refuseRights()
  if (rights) return end('refused', describeRefusal(rights))
  const alone = program.alone()
  if (!alone.ok) return end('world', alone.reason, '  → stop it first')
  // Their locks: both would bring back what goes.
  for (const [name, socket, lock] of [
    ['lvsm-agent', 'agent.sock', 'agent.lock'],
    ['lvsm-lease', 'lease.sock', 'lease.lock'],
  ] as const) {
    const taken = takeDirectories({ program: name, ...places, socket, lock })
    if ('faults' in taken) return end(taken.exit, ...taken.faults)
  }
  const { done, faults } = inKernel(places.stateDir)
  for (const line of done) program.print(`${line}\n`)
  if (faults.length > 0) return end('world', ...faults, '  → mend what the kernel says, and try again')
  program.exit(DAEMON_EXITS.ok.code)
}

function inKernel(stateDir: string): GivenBack {
  const path = recordPath(stateDir)
  const kernel = openKernel()
  try {
    const { record, trouble } = loadRecord(path)
    const { done, faults } = giveBack(
      kernel,
      sinceBoot(record, bootId()),
      (next) => void saveRecord(path, writeRecord(next)),
    )
    // The rules that keep addresses silent come last: until then none of ours is left that could answer.
    const tables = faults.length > 0 ? null : removeOwnTables()
    return {
      done,
      faults: [
        ...(trouble ? [trouble.message] : []),
        ...faults,
        ...(tables === null ? [] : [`cannot remove our tables of nftables: ${tables}`]),
      ],
    }
  } catch (error) {
    return { done: [], faults: [`the kernel cannot be asked: ${(error as Error).message}`] }
  } finally {
    kernel.close()
  }
}
