/** Whatever the model accepts starts, runs and harms nothing. `npm run soak` asks it again and again. */
import { checkConfig, type Config, nodeView, ownershipView, SAMPLE } from '@lvsm/model'
import { decodeView, encodeView } from '@lvsm/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { configSchema } from '../../../packages/model/src/schema.ts'
import { Town } from './town.ts'
import { Writer } from './writer.ts'

const FILES = 500
/** Lives cost the most. */
const LIVES = 8

const file = fc.gen().map((gen) => new Writer(gen).write())

/** Every key of the schema, at whatever depth. */
function keysOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf)
  if (typeof schema !== 'object' || schema === null) return []
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : []
  return [...own, ...Object.values(schema).flatMap(keysOf)]
}

test(`of ${FILES} files many are accepted, and have views for every node; no key of the schema is left out`, {
  timeout: 60_000,
}, () => {
  const [accepted, codes] = [new Set<string>(), new Set<string>()]
  fc.assert(
    fc.property(file, (text) => {
      const { config, refusals = [] } = checkConfig(text)
      for (const { code } of refusals) codes.add(code)
      if (!config) return
      accepted.add(text)
      for (const { name } of config.nodes) {
        const secrets = new Map(config.keys.map(({ id }) => [id, 'ab'.repeat(32)]))
        const view = ownershipView(config, secrets, () => 3, name)
        expect(decodeView(encodeView(view))).toEqual({ kind: 'read', value: view })
        expect(nodeView(config, name)?.node.name).toBe(name)
      }
    }),
    { numRuns: FILES },
  )
  const said = `${accepted.size} accepted; ${[...codes].join(', ')}`
  expect([accepted.size > FILES / 4, codes.size > 2], said).toEqual([true, true])
  const all = [...accepted].join('\n')
  const keys = [...new Set(keysOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })))]
  expect(keys.length).toBeGreaterThan(30)
  expect(keys.filter((key) => !all.includes(`"${key}":`))).toEqual([])
})

/** What a life of this configuration shows; null when it shows nothing. */
function wrongWith(config: Config, seed: number): string | null {
  try {
    return new Town(config, seed).live()
  } catch (error) {
    return error instanceof Error ? `${error.stack}` : String(error)
  }
}

test(`both cores of every node live ten seconds with ${LIVES} of them`, { timeout: 120_000 }, () => {
  let lived = 0
  fc.assert(
    fc.property(file, fc.nat(), (text, seed) => {
      const { config } = checkConfig(text)
      if (!config || lived >= LIVES) return
      lived += 1
      const wrong = wrongWith(config, seed)
      // A smaller file that shows it too is looked for.
      if (wrong !== null) lived = 0
      expect(wrong, text).toBeNull()
    }),
    { numRuns: 20 * LIVES },
  )
  expect(lived).toBe(LIVES)
})

type Loose<T> = T extends readonly (infer U)[]
  ? Loose<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Loose<T[K]> }
    : T
type Draft = Loose<Config>

const first = <T>(list: readonly T[]): T => {
  const [one] = list
  if (one === undefined) throw new Error('the sample has one')
  return one
}
const called = (draft: Draft, name: string): void => {
  first(draft.groups).name = name
  first(draft.services).group = name
  first(draft.services).name = name
}

/** Each is refused; were it accepted, a life would show it. */
const WRONGLY_ACCEPTED: Readonly<Record<string, readonly [plant: (draft: Draft) => void, shows: RegExp]>> = {
  nothing: [() => undefined, /^$/],
  'an address in two groups': [
    ({ groups }) => groups.push({ ...first(groups), name: 'mail', directors: ['dir2', 'dir1'] }),
    /nobody answers for web/,
  ],
  'a service twice': [
    ({ services }) => services.push({ ...first(services), name: 'again', scheduler: 'rr' }),
    /a plan was not carried out/,
  ],
  'a realserver twice': [
    ({ services }) => first(services).realservers.push({ ...first(first(services).realservers), weight: 7 }),
    /a plan was not carried out/,
  ],
  'a secret without end': [({ keys }) => void (first(keys).secret = 'ab'.repeat(40_000)), /says view/],
  'a timeout without end': [({ services }) => void (first(services).check.timeoutMs = 2 ** 32), /no timer/],
  'a lease that is too short': [({ timing }) => void (timing.leaseMs = 120), /nobody answers for web/],
  'no voter': [({ nodes }) => nodes.forEach((node) => void (node.voter = false)), /nobody answers for web/],
  'a node twice': [
    ({ nodes }) => nodes.slice(3, 4).forEach((node) => void (node.name = 'rs1')),
    /takes nobody for the owner/,
  ],
  'a name that objects have': [(draft) => called(draft, 'constructor'), /TypeError/],
  'a revision without end': [(draft) => void (draft.revision = 2 ** 60), /sends heartbeat/],
  'a prefix that is none': [({ groups }) => void (first(first(groups).addresses).prefix = 300), /says view/],
}

test.each(Object.entries(WRONGLY_ACCEPTED))('a life would show that %s was wrongly accepted', (_, [plant, shows]) => {
  const { config } = checkConfig(SAMPLE)
  if (!config) throw new Error('the sample is a configuration')
  const draft = structuredClone(config) as Draft
  plant(draft)
  expect(wrongWith(draft, 3) ?? '').toMatch(shows)
})
