/** What everybody who serves the configuration may rely on: `Configuration` of the coordinators' ports, whoever keeps it. */
import { differenceBetween, documentAt, newestOf, sameData, type State } from '@lvsm/changes'
import type { ConfigCommand, Entry } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import type { Configuration, Written } from '../../coordinator/configuration.ts'
import { eventually } from '../kit/eventually.ts'

export interface ConfigurationSubject {
  /** Of one cluster whose document is the sample; any of them may be asked. At least one. */
  readonly all: readonly [Configuration, ...Configuration[]]
  close(): Promise<void>
}

export const changeOf = (command: ConfigCommand, base: number | null = null): Entry => ({
  kind: 'change',
  author: 'alice',
  at: 1000,
  comment: 'by the suite',
  command,
  base,
})
export const weightOf = (weight: number, base: number | null = null): Entry =>
  changeOf(
    { verb: 'set', noun: 'server', which: { service: 'http', server: 'rs1' }, values: { weight }, model: 1 },
    base,
  )
const drain: Entry = {
  kind: 'intent',
  author: 'bob',
  at: 1000,
  command: {
    model: 1,
    verb: 'drain',
    subject: { kind: 'server', node: 'rs1', service: null },
    forMs: null,
    comment: '',
  },
}

const stateOf = async (configuration: Configuration): Promise<State> => {
  const read = await configuration.read()
  if (read.kind !== 'state') throw new Error(`not read: ${JSON.stringify(read)}`)
  return read.state
}
const weightIn = ({ config }: State): number | undefined =>
  config.services.find(({ name }) => name === 'http')?.realservers.find(({ node }) => node === 'rs1')?.weight
/** As many at the same time, each by another one in turn. */
const writeAll = (all: ConfigurationSubject['all'], entries: readonly Entry[]): Promise<Written[]> =>
  Promise.all(entries.map(async (entry, at) => (all[at % all.length] ?? all[0]).write(entry)))
const outcomeOf = (written: Written) => (written.kind === 'done' ? written.outcome : written)

/** Each case on a cluster of its own. */
export function configurationSuite(open: () => Promise<ConfigurationSubject>): void {
  const on = (name: string, run: (subject: ConfigurationSubject) => Promise<void>): void =>
    it(name, async () => {
      const subject = await open()
      try {
        await run(subject)
      } finally {
        await subject.close()
      }
    })

  on('what was acknowledged is read, wherever it is asked', async ({ all }) => {
    for (const [at, writer] of all.entries()) {
      const written = await writer.write(weightOf(10 + at))
      expect(outcomeOf(written)).toMatchObject({ kind: 'changed', revision: { author: 'alice', at: 1000 } })
      for (const reader of all) expect(weightIn(await stateOf(reader))).toBe(10 + at)
    }
  })

  on('the state that comes with an answer has the change', async ({ all: [one] }) => {
    const written = await one.write(weightOf(7))
    expect(written.kind === 'done' && weightIn(written.state)).toBe(7)
  })

  on('a stale base is refused, and changes nothing; what changed since can be told', async ({ all: [one] }) => {
    const base = newestOf((await stateOf(one)).history)
    await one.write(weightOf(2, base))
    const before = await stateOf(one)
    const written = await one.write(weightOf(3, base))
    expect(outcomeOf(written)).toMatchObject({
      kind: 'refused',
      refusals: [{ code: 'stale-revision' }],
    })
    expect(differenceBetween(before.history, base, base + 1)).toEqual([
      { path: ['services', 'http', 'realservers', 'rs1', 'weight'], from: 1, to: 2 },
    ])
    expect(sameData(before.history, (await stateOf(one)).history)).toBe(true)
  })

  on('a refusal of the rules changes nothing', async ({ all: [one] }) => {
    const before = await stateOf(one)
    expect(outcomeOf(await one.write(weightOf(-1)))).toMatchObject({ kind: 'refused' })
    const unknown = { verb: 'remove', noun: 'service', which: { service: 'none' }, model: 1 } as const
    expect(outcomeOf(await one.write(changeOf(unknown)))).toMatchObject({ kind: 'refused' })
    expect(sameData(before.history, (await stateOf(one)).history)).toBe(true)
  })

  on('of writes on one base exactly one is done', async ({ all }) => {
    const base = newestOf((await stateOf(all[0])).history)
    const entries = Array.from({ length: 8 }, (_, at) => weightOf(20 + at, base))
    const kinds = (await writeAll(all, entries)).map((written) => outcomeOf(written).kind)
    expect(kinds.toSorted()).toEqual(['changed', ...Array(7).fill('refused')])
    expect(newestOf((await stateOf(all[0])).history)).toBe(base + 1)
  })

  on('revisions come one after the other, and the documents before are kept', async ({ all }) => {
    const base = newestOf((await stateOf(all[0])).history)
    const entries = Array.from({ length: 6 }, (_, at) => weightOf(30 + at))
    await writeAll(all, entries)
    const { history } = await stateOf(all[0])
    expect(history.revisions.map(({ number }) => number)).toEqual(Array.from({ length: base + 6 }, (_, at) => at + 1))
    expect(documentAt(history, base)?.services['http']?.realservers?.['rs1']?.weight).toBe(1)
  })

  on('what operators want is beside the configuration, and no rollback touches it', async ({ all: [one] }) => {
    const before = newestOf((await stateOf(one)).history)
    expect(outcomeOf(await one.write(drain))).toMatchObject({
      kind: 'wanted',
      added: [{ intent: 'drain', author: 'bob' }],
    })
    await one.write(weightOf(5))
    await one.write(changeOf({ verb: 'rollback', revision: before, model: 1 }))
    const state = await stateOf(one)
    expect(state.facts.list).toHaveLength(1)
    expect(weightIn(state)).toBe(1)
  })

  on('who follows is told of each change that it has not seen, until it stops', async ({ all }) => {
    const seen = new Map<Configuration, (number | undefined)[]>()
    const stops = all.map((one) => {
      const weights: (number | undefined)[] = []
      seen.set(one, weights)
      return one.follow((state) => weights.push(weightIn(state)))
    })
    await all[0].write(weightOf(41))
    await all[0].write(weightOf(42))
    for (const one of all) await eventually(() => expect(seen.get(one)?.at(-1)).toBe(42))
    for (const one of all) {
      const known = one.known()
      expect(known && weightIn(known)).toBe(42)
    }
    for (const stop of stops) stop()
    const counts = all.map((one) => seen.get(one)?.length)
    await all[0].write(weightOf(43))
    for (const one of all) await eventually(() => expect(weightIn(one.known() as State)).toBe(43))
    expect(all.map((one) => seen.get(one)?.length)).toEqual(counts)
  })

  on('says who the coordinators are, also without being asked twice', async ({ all }) => {
    for (const one of all) {
      const { raft, members } = one.status()
      expect(raft.membership.members.length).toBeGreaterThan(0)
      expect(members.get(raft.id)).toBeDefined()
    }
  })
}
