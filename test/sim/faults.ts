/**
 * Faults, each drawn in its length and strength; times in leases and keepalives, so that profiles compare. What lasts is
 * an affliction, which ends by itself or at the healing.
 */
import { randomBetween } from '@lvsm/base'
import { BUSY } from '../kit/kernel.ts'
import { SLUGGISH } from '../kit/disk.ts'
import type { Way } from '../kit/network.ts'
import type { Cluster } from './cluster.ts'
import { type Machine, PING_NODES } from './machine.ts'

export type Fault = (cluster: Cluster, machine: Machine) => void

const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)
/** Milliseconds of so many leases. */
const leases = (cluster: Cluster, low: number, high: number): number =>
  draw(cluster, low, high) * cluster.present.timing.leaseMs
const other = (cluster: Cluster, machine: Machine): Machine => {
  const others = cluster.machines.filter((one) => one !== machine)
  return others.length > 0 ? cluster.pick(others) : machine
}

/** In half of the cases of one link only, where there are several. */
export function cut(cluster: Cluster, text: string, ms: number, on: (way: Way) => boolean): void {
  const { links } = cluster.shape
  const link = links > 1 && cluster.random.next() < 0.5 ? Math.floor(cluster.random.next() * links) : null
  const where = link === null ? '' : ` on link ${link}`
  cluster.note(`${text}${where}`)
  const spell = cluster.network.cut((way) => (link === null || way.link === link) && on(way))
  cluster.afflictions.begin(`${text}${where}`, ms, spell.end)
}

function startAgain(cluster: Cluster, machine: Machine): void {
  const soon = cluster.random.next() < 0.6
  cluster.afflictions.later(soon ? draw(cluster, 1, 40) : leases(cluster, 0.2, 3), () => machine.start())
}

/** What a network does to the datagrams of a machine. */
export const NETWORK: Readonly<Record<string, Fault>> = {
  isolate: (cluster, { label }) =>
    cut(cluster, `${label} is cut off`, leases(cluster, 0.3, 3), ({ from, to }) => from === label || to === label),
  part(cluster, machine) {
    const [one, two] = [machine.label, other(cluster, machine).label]
    cut(cluster, `${one} and ${two} are cut off from each other`, leases(cluster, 0.5, 4), ({ from, to }) =>
      from === one ? to === two : from === two && to === one,
    )
  },
  deafen: (cluster, { label }) =>
    cut(cluster, `${label} hears nobody`, leases(cluster, 0.3, 3), ({ to }) => to === label),
  mute: (cluster, { label }) =>
    cut(cluster, `nobody hears ${label}`, leases(cluster, 0.5, 3), ({ from }) => from === label),
  /** A switch between two halves fails. */
  halve(cluster) {
    const half = new Set(cluster.machines.filter(() => cluster.random.next() < 0.5).map(({ label }) => label))
    const text = `${[...half].join(', ') || 'nobody'} and the others are cut off from each other`
    cut(cluster, text, leases(cluster, 0.5, 3), ({ from, to }) => half.has(from) !== half.has(to))
  },
  lose(cluster) {
    const loss = draw(cluster, 0.2, 0.6)
    const storm = cluster.network.storm({ loss, duplication: 0.05 })
    cluster.afflictions.begin(`${(100 * loss).toFixed(0)} % of datagrams are lost`, leases(cluster, 1, 4), storm.end)
  },
  delay(cluster) {
    const { leaseMs } = cluster.present.timing
    const delayMs = [0.05, draw(cluster, 0.2, 0.9) * leaseMs] as const
    const storm = cluster.network.storm({ delayMs, straggle: 0.1, stragglerMs: 2 * leaseMs })
    cluster.afflictions.begin(`delays up to ${delayMs[1].toFixed(0)} ms`, leases(cluster, 1, 4), storm.end)
  },
  lag(cluster, machine) {
    const { label } = machine
    const ms = leases(cluster, 0.1, 0.6)
    const spell = cluster.network.lag(({ to }) => to === label, ms)
    const lasts = leases(cluster, 0.5, 2)
    cluster.note(`${label} hears everything ${ms.toFixed(0)} ms late`)
    cluster.afflictions.begin(`${label} hears everything ${ms.toFixed(0)} ms late`, lasts, spell.end)
    cluster.afflictions.later(lasts, () => NETWORK['mute']?.(cluster, machine))
  },
}

const PROCESS: Readonly<Record<string, Fault>> = {
  freeze(cluster, machine) {
    const ms = leases(cluster, 0.2, 3)
    cluster.note(`${machine.label} is frozen for ${ms.toFixed(0)} ms`)
    machine.process?.freeze(ms)
    cluster.afflictions.begin(`${machine.label} is frozen`, ms, () => undefined)
  },
  trip(cluster, machine) {
    const ms = leases(cluster, 0.5, 3)
    cluster.note(`${machine.label} is about to be frozen for ${ms.toFixed(0)} ms within a renewal`)
    machine.process?.trip(ms)
  },
  stall(cluster) {
    const before = cluster.stalls
    cluster.stalls = { probability: 0.01, longestMs: 1.5 * cluster.present.timing.leaseMs, flush: 0.1 }
    cluster.afflictions.begin('processes are held up anywhere', leases(cluster, 1, 2), () => {
      cluster.stalls = before
    })
  },
  kill(cluster, machine) {
    machine.kill()
    // Seldom: half a minute of silence is long.
    if (cluster.random.next() < 0.03) machine.forget()
    startAgain(cluster, machine)
  },
  cutPower(cluster, machine) {
    machine.cutPower()
    startAgain(cluster, machine)
  },
  killTwo(cluster, machine) {
    for (const one of [machine, other(cluster, machine)]) {
      one.kill()
      startAgain(cluster, one)
    }
  },
  stop(cluster, machine) {
    cluster.note(`${machine.label} is stopped`)
    machine.put({ kind: 'stop', reason: 'asked to' })
    startAgain(cluster, machine)
  },
  bewilder(cluster, machine) {
    cluster.note(`${machine.label} loses its memory`)
    machine.kill()
    machine.start('none')
    cluster.afflictions.later(leases(cluster, 0, 0.2), () => PROCESS['stop']?.(cluster, machine))
  },
  /** While an owner is cut off, all others start anew. */
  forgetful(cluster, machine) {
    NETWORK['isolate']?.(cluster, machine)
    for (const peer of cluster.machines) {
      if (peer === machine) continue
      peer.kill()
      cluster.afflictions.later(draw(cluster, 1, 40), () => peer.start())
    }
  },
}

const ORDERS: Readonly<Record<string, Fault>> = {
  regroup(cluster) {
    if (cluster.shape.revisions.length === 1) return
    cluster.revision = (cluster.revision + 1) % cluster.shape.revisions.length
    cluster.note(`revision ${cluster.revision + 1} is committed`)
    for (const machine of cluster.machines)
      cluster.afflictions.later(leases(cluster, 0, 2), () => machine.adopt(cluster.revision))
  },
  switchOver(cluster, machine) {
    for (const group of cluster.groups) {
      const to = cluster.random.next() < 0.5 ? null : cluster.pick(group.directors)
      cluster.note(`switchover of ${group.name} to ${to ?? 'whom it may concern'}`)
      const owner = cluster.ownerOf(group) ?? machine
      owner.put({ kind: 'switchover', group: group.name, to, reason: 'asked to' })
    }
  },
  standby(cluster, machine) {
    machine.put({ kind: 'standby', on: true, reason: 'asked to' })
    cluster.afflictions.begin(`${machine.label} is set to standby`, leases(cluster, 0.5, 3), () =>
      machine.put({ kind: 'standby', on: false, reason: 'asked to' }),
    )
  },
  unready(cluster, machine) {
    machine.ready = false
    machine.sayReady()
    cluster.afflictions.begin(`${machine.label} is not ready`, leases(cluster, 0.5, 10), () => {
      machine.ready = true
      machine.sayReady()
    })
  },
  interfaceDown(cluster, machine) {
    machine.interfaceDown = true
    machine.sayReady()
    cluster.afflictions.begin(`${machine.label} has no carrier`, leases(cluster, 0.5, 3), () => {
      machine.interfaceDown = false
      machine.sayReady()
    })
  },
  unreach(cluster, machine) {
    machine.reaches = PING_NODES - 1
    machine.sayReady()
    cluster.afflictions.begin(`${machine.label} reaches fewer ping nodes`, leases(cluster, 0.5, 10), () => {
      machine.reaches = PING_NODES
      machine.sayReady()
    })
  },
}

const MACHINE: Readonly<Record<string, Fault>> = {
  flush: (_cluster, { kernel }) => kernel.flush(),
  takeOff(cluster, { kernel, label }) {
    const [address] = kernel.now.addresses()
    if (address === undefined) return
    cluster.note(`somebody takes ${address} off ${label}`)
    kernel.takeOff(address)
  },
  stranger(cluster, machine) {
    for (const { name } of cluster.groups) machine.put({ kind: 'conflict', group: name, mac: '02:00:00:00:00:99' })
  },
  refuse(cluster, { kernel: { faults }, label }) {
    faults.refusal = 0.3
    cluster.afflictions.begin(`the kernel of ${label} refuses calls`, leases(cluster, 0.3, 1.5), () => {
      faults.refusal = 0
    })
  },
  deny(cluster, { kernel: { faults }, label }) {
    faults.denial = 0.3
    cluster.afflictions.begin(`answers of the kernel of ${label} get lost`, leases(cluster, 0.3, 1.5), () => {
      faults.denial = 0
    })
  },
  slowKernel(cluster, { kernel: { faults }, label }) {
    faults.pace = { ...BUSY, slow: 0.3, slowMs: leases(cluster, 0.1, 1) }
    cluster.afflictions.begin(`the kernel of ${label} is slow`, leases(cluster, 0.5, 2), () => {
      faults.pace = BUSY
    })
  },
  fillDisk(cluster, { disk, label }) {
    disk.faults.full = true
    cluster.afflictions.begin(`the disk of ${label} is full`, leases(cluster, 0.5, 4), () => {
      disk.faults.full = false
    })
  },
  slowDisk(cluster, { disk, label }) {
    disk.faults = { ...SLUGGISH, full: disk.faults.full, stuck: 0.3 }
    cluster.afflictions.begin(`the disk of ${label} is slow`, leases(cluster, 0.5, 4), () => {
      disk.faults = { ...SLUGGISH, full: disk.faults.full }
    })
  },
}

export const FAULTS: Readonly<Record<string, Fault>> = { ...NETWORK, ...PROCESS, ...ORDERS, ...MACHINE }
