/** Faults, drawn at random and let loose on a cluster; all times in keepalives and terms, so that profiles compare. */
import { randomBetween } from '@lvsm/base'
import { FAIR, type Weather } from '../kit/network.ts'
import type { Cluster } from './cluster.ts'
import type { Machine } from './machine.ts'

type Fault = (cluster: Cluster, machine: Machine) => void

const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)
const pick = <T>(cluster: Cluster, list: readonly T[]): T => list[Math.floor(cluster.random.next() * list.length)] as T
const other = (cluster: Cluster, machine: Machine): Machine =>
  pick(
    cluster,
    cluster.machines.filter((one) => one !== machine),
  )
const during = (cluster: Cluster, ms: number, end: () => void): void => cluster.schedule.in(ms, end)

function weather(cluster: Cluster, terms: number, changed: Partial<Weather>): void {
  const { keepaliveMs, termMs } = cluster.shape.timing
  cluster.network.weather = { ...FAIR, duplication: 0.05, straggle: 0.02, stragglerMs: 2 * termMs, ...changed }
  cluster.note(`weather ${JSON.stringify(changed)}`)
  during(cluster, terms * termMs, () => {
    cluster.network.weather = { ...FAIR, straggle: 0.01, stragglerMs: 2 * keepaliveMs }
  })
}

function startAgain(cluster: Cluster, machine: Machine): void {
  const { termMs } = cluster.shape.timing
  const soon = cluster.random.next() < 0.6
  during(cluster, soon ? draw(cluster, 1, 40) : draw(cluster, 0.2, 3) * termMs, () => machine.start())
}

const FAULTS: Readonly<Record<string, Fault>> = {
  isolate(cluster, machine) {
    cluster.note(`${machine.name} is cut off`)
    for (const { name } of cluster.machines) {
      cluster.network.cut(machine.name, name)
      cluster.network.cut(name, machine.name)
    }
    during(cluster, draw(cluster, 0.3, 3) * cluster.shape.timing.termMs, () => cluster.network.mend())
  },
  part(cluster, machine) {
    const peer = other(cluster, machine)
    cluster.note(`${machine.name} and ${peer.name} are cut off from each other`)
    cluster.network.cut(machine.name, peer.name)
    cluster.network.cut(peer.name, machine.name)
    during(cluster, draw(cluster, 0.5, 4) * cluster.shape.timing.termMs, () => cluster.network.mend())
  },
  deafen(cluster, machine) {
    cluster.note(`${machine.name} hears nobody`)
    for (const { name } of cluster.machines) cluster.network.cut(name, machine.name)
    during(cluster, draw(cluster, 0.3, 3) * cluster.shape.timing.termMs, () => cluster.network.mend())
  },
  lose: (cluster) => weather(cluster, draw(cluster, 1, 4), { loss: draw(cluster, 0.2, 0.6) }),
  delay: (cluster) =>
    weather(cluster, draw(cluster, 1, 4), {
      delayMs: [0.05, draw(cluster, 0.2, 0.9) * cluster.shape.timing.termMs],
      straggle: 0.1,
    }),
  freeze(cluster, machine) {
    const ms = draw(cluster, 0.2, 3) * cluster.shape.timing.termMs
    cluster.note(`${machine.name} is frozen for ${ms.toFixed(0)} ms`)
    machine.process?.freeze(ms)
  },
  kill(cluster, machine) {
    machine.kill()
    startAgain(cluster, machine)
  },
  cutPower(cluster, machine) {
    machine.cutPower()
    startAgain(cluster, machine)
  },
  killTwo(cluster, machine) {
    const peer = other(cluster, machine)
    for (const one of [machine, peer]) {
      one.kill()
      startAgain(cluster, one)
    }
  },
  stop(cluster, machine) {
    cluster.note(`${machine.name} is stopped`)
    machine.process?.put({ kind: 'stop', reason: 'asked to' })
    startAgain(cluster, machine)
  },
  bewilder(cluster, machine) {
    cluster.note(`${machine.name} loses its memory`)
    machine.kill()
    machine.start('none')
    during(cluster, draw(cluster, 0, 0.2) * cluster.shape.timing.termMs, () => FAULTS['stop']?.(cluster, machine))
  },
  mute(cluster, machine) {
    cluster.note(`nobody hears ${machine.name}`)
    for (const { name } of cluster.machines) cluster.network.cut(machine.name, name)
    during(cluster, draw(cluster, 0.5, 3) * cluster.shape.timing.termMs, () => cluster.network.mend())
  },
  lag(cluster, machine) {
    const { termMs } = cluster.shape.timing
    const ms = draw(cluster, 0.1, 0.6) * termMs
    cluster.note(`${machine.name} hears everything ${ms.toFixed(0)} ms late`)
    cluster.network.lagMs.set(machine.name, ms)
    during(cluster, draw(cluster, 0.5, 2) * termMs, () => FAULTS['mute']?.(cluster, machine))
  },
  trip(cluster, machine) {
    const ms = draw(cluster, 0.5, 3) * cluster.shape.timing.termMs
    cluster.note(`${machine.name} is about to be frozen for ${ms.toFixed(0)} ms within a fence call`)
    machine.process?.trip(ms)
  },
  forgetful(cluster, machine) {
    FAULTS['isolate']?.(cluster, machine)
    for (const peer of cluster.machines) {
      if (peer === machine) continue
      peer.kill()
      during(cluster, draw(cluster, 1, 40), () => peer.start())
    }
  },
  regroup(cluster) {
    cluster.revision = (cluster.revision + 1) % cluster.shape.revisions.length
    cluster.note(`revision ${cluster.revision + 1} is committed`)
    for (const machine of cluster.machines) {
      during(cluster, draw(cluster, 0, 2) * cluster.shape.timing.termMs, () => machine.adopt(cluster.revision))
    }
  },
  switchOver(cluster, machine) {
    for (const group of cluster.groups) {
      const to = cluster.random.next() < 0.5 ? null : pick(cluster, group.directors)
      cluster.note(`switchover of ${group.name} to ${to ?? 'whom it may concern'}`)
      const owner = cluster.machine(cluster.ownerOf(group) ?? machine.name)
      owner?.process?.put({ kind: 'switchover', group: group.name, to, reason: 'asked to' })
    }
  },
  standby(cluster, machine) {
    machine.process?.put({ kind: 'standby', on: true, reason: 'asked to' })
    during(cluster, draw(cluster, 0.5, 3) * cluster.shape.timing.termMs, () => {
      machine.process?.put({ kind: 'standby', on: false, reason: 'asked to' })
    })
  },
  unready(cluster, machine) {
    machine.ready = false
    machine.sayReady()
    during(cluster, draw(cluster, 0.5, 3) * cluster.shape.timing.termMs, () => {
      machine.ready = true
      machine.sayReady()
    })
  },
  cutOff(cluster, machine) {
    machine.cutOff = true
    machine.sayReady()
    during(cluster, draw(cluster, 0.5, 3) * cluster.shape.timing.termMs, () => {
      machine.cutOff = false
      machine.sayReady()
    })
  },
  meddle(cluster, machine) {
    for (const { name } of cluster.groups) {
      machine.process?.put({ kind: 'address-lost', group: name })
      machine.process?.put({ kind: 'fence-lost' })
      machine.process?.put({ kind: 'conflict', group: name, mac: '02:00:00:00:00:99' })
    }
  },
  refuse(cluster, machine) {
    cluster.note(`the kernel of ${machine.name} refuses calls`)
    machine.kernel.faults.refusal = 0.3
    during(cluster, cluster.shape.timing.termMs, () => {
      machine.kernel.faults.refusal = 0
    })
  },
  stall(cluster) {
    const { termMs } = cluster.shape.timing
    cluster.stalls = { probability: 0.01, longestMs: 1.5 * termMs }
    during(cluster, 2 * termMs, () => {
      cluster.stalls = { probability: 0, longestMs: 0 }
    })
  },
}
/** Rare company needs more chances. */
const NAMES = [...Object.keys(FAULTS), 'lag', 'regroup', 'regroup']

/** Owners suffer more than others: that is where the law can break. */
function victim(cluster: Cluster): Machine {
  const owner = cluster.ownerOf(pick(cluster, cluster.groups))
  const machine = owner !== null && cluster.random.next() < 0.5 ? cluster.machine(owner) : undefined
  return machine ?? pick(cluster, cluster.machines)
}

/** One fault every few keepalives, for `keepalives` of them. */
export function unleash(cluster: Cluster, keepalives: number): void {
  const { keepaliveMs } = cluster.shape.timing
  const end = cluster.schedule.now + keepalives * keepaliveMs
  const next = (): void => {
    cluster.schedule.in(draw(cluster, 0.5, 8) * keepaliveMs, () => {
      if (cluster.schedule.now >= end) return
      FAULTS[pick(cluster, NAMES)]?.(cluster, victim(cluster))
      next()
    })
  }
  next()
  cluster.run(keepalives * keepaliveMs)
}

/** Everything is well again. */
export function heal(cluster: Cluster): void {
  cluster.note('all faults end')
  cluster.network.mend()
  cluster.network.weather = FAIR
  cluster.stalls = { probability: 0, longestMs: 0 }
  for (const machine of cluster.machines) {
    machine.kernel.faults.refusal = 0
    machine.ready = true
    machine.cutOff = false
    machine.start()
    machine.adopt(cluster.revision)
    machine.sayReady()
    machine.process?.thaw()
    machine.process?.put({ kind: 'standby', on: false, reason: 'healed' })
  }
}
