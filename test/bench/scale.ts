/**
 * How the pure parts of a director's agent grow with its table: from 50 services of 10 realservers to 1,000, one realserver's answer, one
 * wake, one look and one reading of the configuration. The real core, in virtual time, beside a kernel that does as it is told.
 */
import { checkConfig, type Config, documentText, SAMPLE } from '@lvsm/model'
import Table from 'cli-table3'
import { parseArgs } from 'node:util'
import { stringify, parse } from 'yaml'
import { spread } from '../../scripts/bench/figures.ts'
import { Agent, DIRECTOR, type Figure, FIGURES, OTHER } from './director.ts'
import { glances } from './glances.ts'

const USAGE = `usage: npm run bench -- scale [--services N,N] [--seconds S]
  --services   two sizes, the second one compared with the first (50,1000); each service has 10 realservers
  --seconds    virtual time that is measured at each (10)
`
const REALSERVERS = 10
const VIP = '10.11.0.10'
const FIRST_PORT = 2000
/** Virtual time from a start to a table that stands, and nothing more to say about it. */
const SETTLED_MS = 20_000
const READINGS = 5
const US_PER_MS = 1000

/** The second size may cost so many times the first: what goes over the whole table as much as that grows and a little, the rest twice. */
const DEMANDS: Readonly<Record<Figure, number>> = {
  'read the configuration, a person wrote it': 25,
  'read it as an agent keeps it': 25,
  'a look that finds all as it should be': 25,
  'a glance at what the listing does not show, each second': 25,
  'an answer to a check': 2,
  'a wake, for each check that it begins': 2,
  'what the lease process says': 25,
  'what the lease process says, while another director has other weights': 25,
}
export interface Measured {
  /** Milliseconds, of each. */
  readonly times: Readonly<Record<Figure, readonly number[]>>
  /** Said to the other nodes in a second, while nothing changes. */
  readonly bytesPerSecond: number
}

export function documentOf(services: number): string {
  const file = parse(SAMPLE) as { nodes: object[]; services: object[] }
  const names = Array.from({ length: REALSERVERS }, (_, at) => `r${at}`)
  const nodes = names.map((name, at) => ({
    name,
    roles: ['realserver'],
    // Their addresses are on no link: something is said of each place in the file.
    links: [{ name: 'inside', address: `10.12.0.${101 + at}` }],
  }))
  const many = Array.from({ length: services }, (_, at) => ({
    ...{ name: `s${at}`, group: 'web', address: VIP, port: FIRST_PORT + at, protocol: 'tcp', scheduler: 'wrr' },
    check: { type: 'tcp', interval: '2s' },
    realservers: names.map((node, server) => ({ node, address: `10.11.0.${101 + server}`, forward: 'dr', weight: 1 })),
  }))
  return stringify({ ...file, nodes: [...file.nodes, ...nodes], services: many })
}

function configOf(text: string): Config {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}

export function measured(services: number, seconds: number): Measured {
  const text = documentOf(services)
  const readings = (read: string): number[] =>
    Array.from({ length: READINGS }, () => {
      const began = performance.now()
      configOf(read)
      return performance.now() - began
    })
  const [written, kept] = [readings(text), readings(documentText(parse(text)))]
  const agent = new Agent(configOf(text))
  agent.lives(SETTLED_MS)
  const entries = agent.kernel.state.services.reduce((sum, { dests }) => sum + dests.length, 0)
  if (entries !== services * REALSERVERS) throw new Error(`${entries} entries instead of ${services * REALSERVERS}`)
  agent.measure()
  agent.lives(seconds * 1000)
  const told = agent.said.reduce((sum, said) => sum + said.length, 0)
  const times: Measured['times'] = {
    ...agent.times,
    'read the configuration, a person wrote it': written,
    'read it as an agent keeps it': kept,
    'a glance at what the listing does not show, each second': glances(services, REALSERVERS),
    'what the lease process says, while another director has other weights': differing(text, seconds),
  }
  for (const name of FIGURES) if (times[name].length === 0) throw new Error(`nothing measured of: ${name}`)
  return { times, bytesPerSecond: told / seconds }
}

/** Of one that hears another director with another file all the time. */
function differing(text: string, seconds: number): readonly number[] {
  const agent = new Agent(configOf(text))
  const other = new Agent(configOf(text.replaceAll('weight: 1', 'weight: 2')), OTHER)
  const live = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1000) {
      for (const one of [agent, other]) one.lives(1000)
      const [here, there] = [agent, other].map(({ said }) => said)
      agent.said = []
      other.said = []
      for (const said of there ?? []) agent.feed({ kind: 'message', from: OTHER, text: said })
      for (const said of here ?? []) other.feed({ kind: 'message', from: DIRECTOR, text: said })
    }
  }
  live(SETTLED_MS)
  if (!agent.core.status(agent.now).troubles.some(({ code }) => code === 'disagreement')) throw new Error('they agree')
  agent.measure()
  live(seconds * 1000)
  return agent.times['what the lease process says']
}

function main(): number {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '50,1000' },
      seconds: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const sizes = values.services.split(',').map(Number)
  const seconds = Number(values.seconds)
  const [small, large] = sizes
  if (values.help || small === undefined || large === undefined || [...sizes, seconds].some((one) => !(one > 0))) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const [few, many] = [measured(small, seconds), measured(large, seconds)]
  const table = new Table({
    head: ['figure', ...[small, large].map((size) => `${size} × ${REALSERVERS}`), 'growth', 'demand', ''],
    style: { head: [], border: [] },
  })
  let missed = 0
  const us = (ms: number): string => (ms < 1 ? `${(ms * US_PER_MS).toFixed(0)} µs` : `${ms.toFixed(1)} ms`)
  for (const name of FIGURES) {
    const [one, other] = [few, many].map(({ times }) => spread(times[name])?.median ?? 0) as [number, number]
    const growth = other / one
    const demand = DEMANDS[name]
    const met = growth <= demand
    if (!met) missed++
    table.push([name, us(one), us(other), `× ${growth.toFixed(1)}`, `at most × ${demand}`, met ? 'met' : 'MISSED'])
  }
  const [one, other] = [few.bytesPerSecond, many.bytesPerSecond]
  const met = other <= 2 * one
  if (!met) missed++
  table.push([
    ...['told to other nodes while nothing changes', `${one.toFixed(0)} B/s`, `${other.toFixed(0)} B/s`],
    ...[`× ${(other / one).toFixed(1)}`, 'at most × 2', met ? 'met' : 'MISSED'],
  ])
  process.stdout.write(`${table.toString()}\n${missed === 0 ? 'every demand met' : `${missed} demands missed`}\n`)
  return missed === 0 ? 0 : 1
}

if (import.meta.main) process.exit(main())
