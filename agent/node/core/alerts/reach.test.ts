/** Receivers that cannot be told: by one node, or of one alert. */
import { instant, type Instant } from '@lvsm/base'
import { SAMPLE } from '@lvsm/model'
import { NOTHING_OWNED } from '@lvsm/plan'
import type { CauseReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { configOf } from '../fixture.ts'
import { newState, type NodeState } from '../state.ts'
import { onDelivered, stepAlerts } from './alerting.ts'
import { World } from './fixture.ts'
import { alertTroubles } from './reach.ts'
import { alertFigures } from './report.ts'

const troublesAt = (world: World, node: string): string[] => {
  const living = world.living.get(node)
  return living ? alertTroubles(living.state).map(({ object }) => object ?? '') : []
}

describe('a receiver that one node cannot reach', () => {
  it('is no trouble any more once another one told it', () => {
    const world = new World(41)
    world.cutOff.add('dir1 ops')
    world.run(10_000)
    world.begins('rs1', 'late')
    const seen = new Set<string>()
    for (let at = 0; at < 60; at++) {
      world.run(1000)
      for (const object of troublesAt(world, 'dir1')) seen.add(object)
    }
    expect([...seen], 'it was one').toEqual(['receiver ops'])
    expect(world.told('ops', 'late')).toEqual(['firing'])
    expect(troublesAt(world, 'dir1')).toEqual([])
  })
  it('stays one while nobody tells it', () => {
    const world = new World(42)
    world.away.add('ops')
    world.run(10_000)
    world.begins('rs1', 'late')
    world.run(20 * 60_000)
    expect(troublesAt(world, 'dir1')).toEqual(['receiver ops'])
  })
  it('is none when nothing is left to tell, nor when it was written anew', () => {
    const world = new World(43)
    world.away.add('ops')
    world.run(10_000)
    world.begins('rs1', 'late')
    world.run(60_000)
    expect(troublesAt(world, 'dir1')).toEqual(['receiver ops'])
    for (const { state } of world.living.values()) {
      const { config } = state
      if (config)
        state.config = {
          ...config,
          receivers: config.receivers.map((one) => ({ ...one, troubles: ['no-ipvs'], resolved: false })),
        }
    }
    world.run(5000)
    expect(troublesAt(world, 'dir1')).toEqual([])
  })
})

const RECEIVER = 'receivers:\n  - { name: own, type: exec, command: [/usr/local/bin/page], repeat: 0s }\n'
/** One node, and a program that takes what `takes` says. */
class Alone {
  now = 1000
  readonly state: NodeState
  readonly tried: string[] = []
  causes: CauseReport[] = []
  takes: (code: string) => boolean = () => true
  constructor() {
    this.state = newState({
      ...{ node: 'dir1', record: NOTHING_OWNED, boot: 'b', startedAt: instant(this.now), word: null },
      wall: (at: Instant) => `wall ${at}`,
      wallMs: (at: Instant) => 1_790_000_000_000 + at,
      ...{ follows: true, kept: null, machine: '', started: null },
    })
    this.state.config = configOf(`${SAMPLE}\n${RECEIVER}`)
  }
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 250) {
      this.state.now = instant(this.now)
      this.state.effects = []
      stepAlerts(this.state, () => this.causes)
      for (const effect of this.state.effects) {
        if (effect.kind !== 'deliver') continue
        const { variables } = effect.keys
        const code = String(
          variables && typeof variables === 'object' && 'LVSM_ALERTNAME' in variables ? variables.LVSM_ALERTNAME : '',
        )
        this.tried.push(code)
        onDelivered(this.state, effect.id, this.takes(code), 'exit code 1')
      }
    }
  }
}
const cause = (code: string): CauseReport => ({ code, object: 'node dir1', severity: 'warning', summary: code })

describe('figures of alerts', () => {
  it('count each once, and each message, as far as the configuration has its receiver', () => {
    const alone = new Alone()
    const figures = () => alertFigures(alone.state)
    expect(figures().messages).toEqual(new Map([['own', { told: 0, failed: 0 }]]))
    alone.takes = (code) => code !== 'late'
    alone.causes = ['late', 'no-ipvs', 'lossy-link'].map(cause)
    alone.run(15_000)
    // That one may have been told, nobody knows.
    expect(figures().alerts).toEqual({ pending: 0, firing: 3, ending: 0, over: 0, silenced: 0 })
    const own = figures().messages.get('own')
    expect([own?.told, (own?.failed ?? 0) > 0]).toEqual([2, true])
    const silence = { subject: { kind: 'alerts', match: 'no-ipvs' }, intent: 'silence', author: 'ann' } as const
    const list = [{ ...silence, comment: 'new switch', since: 1, until: null, number: 1 }]
    alone.state.facts = { number: 1, list, ends: [] }
    alone.causes = ['late', 'no-ipvs'].map(cause)
    alone.run(2500)
    expect(figures().alerts).toEqual({ pending: 0, firing: 1, ending: 1, over: 0, silenced: 1 })
    alone.run(12_000)
    expect(figures().alerts).toMatchObject({ ending: 0, over: 1 })
    alone.state.config = configOf(`${SAMPLE}\n${RECEIVER.replace('own', 'new')}`)
    expect([...figures().messages.keys()]).toEqual(['new'])
  })
})

describe('one alert that a program refuses', () => {
  it('keeps none of the others, and is tried again, a bounded number of times', () => {
    const alone = new Alone()
    alone.takes = (code) => code !== 'late'
    alone.causes = ['late', 'no-ipvs', 'one-way'].map(cause)
    alone.run(60_000)
    expect(alone.tried.filter((code) => code !== 'late').toSorted()).toEqual(['no-ipvs', 'one-way'])
    expect(alone.tried.filter((code) => code === 'late').length).toBeGreaterThan(1)
    alone.tried.splice(0)
    alone.run(40 * 60_000)
    expect(alone.tried.length, 'every five minutes').toBeLessThan(12)
    expect(alone.tried.length).toBeGreaterThan(5)
    alone.causes = [...alone.causes, cause('cannot-observe')]
    alone.tried.splice(0)
    alone.run(20_000)
    expect(alone.tried, 'what is new does not wait for it').toContain('cannot-observe')
    alone.takes = () => true
    alone.tried.splice(0)
    alone.run(6 * 60_000)
    expect(alone.tried).toEqual(['late'])
    alone.causes = []
    alone.run(60_000)
    expect(alone.tried.slice(1).toSorted(), 'and all of them hear the end').toEqual([
      'cannot-observe',
      'late',
      'no-ipvs',
      'one-way',
    ])
  })
  it('and one that takes nothing is not asked without end', () => {
    const alone = new Alone()
    alone.takes = () => false
    alone.causes = ['late', 'no-ipvs', 'one-way', 'cannot-observe'].map(cause)
    alone.run(60 * 60_000)
    expect(alone.tried.length).toBeLessThan(4 * 20)
    expect(new Set(alone.tried).size).toBe(4)
  })
})
