/**
 * Plays a scenario: each line is a command, a remark (#) or empty; what happened stands below its command, in lines
 * that begin with `| `. Playing gives the whole text again, with what happens now.
 */
import type { Spell } from '../kit/network.ts'
import { Cluster } from '../sim/cluster.ts'
import type { Machine } from '../sim/machine.ts'
import { HONEST } from '../sim/plant.ts'
import { LAB_SHAPE } from '../sim/shape.ts'

const SEED = 1

type Command = (cluster: Cluster, words: readonly string[], spells: Spell[]) => void

export function play(text: string): string {
  const cluster = new Cluster(SEED, LAB_SHAPE, HONEST)
  const told: string[] = []
  const spells: Spell[] = []
  for (const line of text.split('\n').filter((one) => !one.startsWith('|'))) {
    told.push(line)
    if (line === '' || line.startsWith('#')) continue
    const before = cluster.history.length
    const [name = '', ...words] = line.split(' ')
    const command = COMMANDS[name]
    if (!command) throw new Error(`unknown command: ${line}`)
    command(cluster, words, spells)
    told.push(...cluster.history.slice(before).map((happened) => `| ${happened}`))
  }
  return told.join('\n')
}

function machineOf(cluster: Cluster, name: string | undefined): Machine {
  const machine = cluster.machine(name ?? '')
  if (!machine) throw new Error(`unknown node: ${name ?? '(none)'}`)
  return machine
}

function number(word: string | undefined): number {
  const value = Number(word)
  if (word === undefined || !Number.isFinite(value)) throw new Error(`not a number: ${word ?? '(nothing)'}`)
  return value
}

/** One way. */
function cut(cluster: Cluster, from: string | undefined, to: string | undefined): Spell {
  const [sender, receiver] = [machineOf(cluster, from).label, machineOf(cluster, to).label]
  return cluster.network.cut((way) => way.from === sender && way.to === receiver)
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: (cluster, names) => {
    for (const name of names) machineOf(cluster, name).start()
  },
  run: (cluster, [ms]) => cluster.run(number(ms)),
  power: (cluster, [name]) => machineOf(cluster, name).cutPower(),
  kill: (cluster, [name]) => machineOf(cluster, name).kill(),
  freeze: (cluster, [name, ms]) => machineOf(cluster, name).process?.freeze(number(ms)),
  stop: (cluster, [name]) => machineOf(cluster, name).put({ kind: 'stop', reason: 'asked to stop' }),
  cut: (cluster, [from, to], spells) => void spells.push(cut(cluster, from, to), cut(cluster, to, from)),
  'cut-one-way': (cluster, [from, to], spells) => void spells.push(cut(cluster, from, to)),
  loss: (cluster, [share], spells) => void spells.push(cluster.network.storm({ loss: number(share) })),
  mend: (_cluster, _words, spells) => {
    for (const spell of spells.splice(0)) spell.end()
  },
  flush: (cluster, [name]) => machineOf(cluster, name).kernel.flush(),
  'take-off': (cluster, [name, address]) => machineOf(cluster, name).kernel.takeOff(address ?? ''),
  switchover: (cluster, [name, to]) => {
    machineOf(cluster, name).put({ kind: 'switchover', group: 'web', to: to ?? null, reason: 'asked to move' })
  },
  standby: (cluster, [name, on]) => {
    machineOf(cluster, name).put({ kind: 'standby', on: on === 'on', reason: 'asked to' })
  },
  ready: (cluster, [name, yes]) => {
    const machine = machineOf(cluster, name)
    machine.ready = yes === 'yes'
    machine.sayReady()
  },
  status: (cluster) => {
    for (const { label: name, clock, process } of cluster.machines) {
      const group = process?.core.status(clock.read(cluster.schedule.now)).groups[0]
      cluster.history.push(group ? `${name} (${group.role}): ${group.reason}` : `${name}: off`)
    }
  },
}
