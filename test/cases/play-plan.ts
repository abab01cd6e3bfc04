/**
 * Plays a case of the planner: each line is a command, a remark (#) or empty; what it says stands below it, in lines that begin with `| `. The
 * configuration is the sample of the model, the kernel does as it is told, and takes what somebody does by hand.
 */
import { checkConfig, type Config, destKey, nodeView, SAMPLE, serviceKey } from '@lvsm/model'
import {
  audit,
  claim,
  describeOperation,
  desired,
  diff,
  forget,
  NOTHING_OWNED,
  type Observed,
  type OwnedRecord,
  type PlanInput,
  rememberSettings,
  troublesOf,
} from '@lvsm/plan'
import { apply, kernel, links } from '../../packages/plan/src/fixture.ts'

interface Scene {
  text: string
  config: Config
  node: string
  owned: readonly string[]
  /** `SERVICE NODE` → what is wanted of it; not there: it serves. */
  readonly others: Map<string, 'drains' | 'out'>
  quiescing: readonly string[]
  now: Observed
  record: OwnedRecord
}
type Command = (scene: Scene, words: readonly string[], line: string) => readonly string[] | void

const MOST_STEPS = 9

export function playPlan(text: string): string {
  const scene: Scene = {
    ...{ text: SAMPLE, config: configOf(SAMPLE), node: 'dir1', owned: [], others: new Map(), quiescing: [] },
    ...{ now: kernel({ addresses: [] }), record: NOTHING_OWNED },
  }
  const told: string[] = []
  for (const line of text.split('\n').filter((one) => !one.startsWith('|'))) {
    told.push(line)
    if (line === '' || line.startsWith('#')) continue
    const [name = '', ...words] = line.split(' ')
    const command = COMMANDS[name]
    if (!command) throw new Error(`unknown command: ${line}`)
    told.push(...(command(scene, words, line) ?? []).map((said) => `| ${said}`))
  }
  return told.join('\n')
}

function configOf(text: string): Config {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}

/** What the agent would want of its kernel now. */
function inputOf({ config, node, owned, others, quiescing }: Scene): PlanInput {
  const view = nodeView(config, node)
  if (!view) throw new Error(`no node ${node}`)
  const keysOf = (how: 'drains' | undefined): Map<string, Set<string>> =>
    new Map(
      view.services.map(({ name, realservers }) => [
        name,
        new Set(realservers.filter((one) => others.get(`${name} ${one.node}`) === how).map(destKey)),
      ]),
    )
  return {
    ...{ view, owned: new Set(owned), serving: keysOf(undefined), draining: keysOf('drains') },
    ...{ quiescing: new Set(quiescing), handover: new Map(), flushing: new Set() },
  }
}

/** Every setting that is wanted is there: 0, unless somebody set it. */
function look(scene: Scene): { readonly seen: Observed; readonly input: PlanInput } {
  const input = inputOf(scene)
  const paths = desired(input, scene.now).sysctls.map(({ path }) => path)
  const sysctls = new Map([...paths.map((path) => [path, '0'] as const), ...scene.now.sysctls])
  return { seen: { ...scene.now, sysctls }, input }
}

/** Plan after plan, each carried out whole, until nothing is left to do. */
function plans(scene: Scene): string[] {
  const told: string[] = []
  for (let step = 0; step < MOST_STEPS; step++) {
    const { seen, input } = look(scene)
    const { services } = input.view
    const owned = claim(forget(scene.record, scene.config.services, seen.services ?? []), services)
    const wanted = desired(input, seen)
    const operations = diff(seen, wanted, owned)
    scene.record = rememberSettings(owned, seen, wanted, operations)
    if (operations.length === 0) return [...told, step === 0 ? 'nothing is to be done' : 'then nothing is left to do']
    const held = new Set(
      input.view.directs
        .filter(({ name }) => scene.owned.includes(name))
        .flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    )
    const broken = audit(operations, { observed: seen, owned, held }).map((law) => `REFUSED: ${law}`)
    told.push(...(step === 0 ? [] : ['then']), ...operations.map(describeOperation), ...broken)
    if (broken.length > 0) return told
    scene.now = operations.reduce(apply, seen)
  }
  throw new Error('it never comes to rest')
}

type Services = NonNullable<Observed['services']>
const inTable = (scene: Scene, change: (services: Services) => Services): void => {
  scene.now = { ...scene.now, services: change(scene.now.services ?? []) }
}
const inService = (
  scene: Scene,
  key: string,
  change: (dests: Services[number]['dests']) => Services[number]['dests'],
) => inTable(scene, (all) => all.map((one) => (serviceKey(one) === key ? { ...one, dests: change(one.dests) } : one)))

/** What somebody does to the kernel, by hand. */
const BY_HAND: Readonly<Record<string, (scene: Scene, words: readonly string[]) => void>> = {
  'remove-service': (scene, words) => inTable(scene, (all) => all.filter((one) => serviceKey(one) !== words.join(' '))),
  'add-service': (scene, [address = '', port]) =>
    inTable(scene, (all) => [
      ...all,
      { protocol: 'tcp', address, port: Number(port), spec: { scheduler: 'rr', flags: [] }, dests: [] },
    ]),
  'remove-dest': (scene, [dest, ...key]) =>
    inService(scene, key.join(' '), (dests) => dests.filter((one) => destKey(one) !== dest)),
  'add-dest': (scene, [address = '', port, ...key]) =>
    inService(scene, key.join(' '), (dests) => [
      ...dests,
      { address, port: Number(port), forward: 'dr', weight: 1, active: 0, inactive: 0 },
    ]),
  weight: (scene, [weight, dest, ...key]) =>
    inService(scene, key.join(' '), (dests) =>
      dests.map((one) => (destKey(one) === dest ? { ...one, weight: Number(weight) } : one)),
    ),
  'remove-address': (scene, [address]) => {
    scene.now = { ...scene.now, addresses: scene.now.addresses.filter((one) => one.address !== address) }
  },
  set: (scene, [path = '', value = '']) => {
    scene.now = { ...scene.now, sysctls: new Map([...scene.now.sysctls, [path, value]]) }
  },
  'flush-rules': (scene) => {
    scene.now = { ...scene.now, natRules: null }
  },
  'default-route': (scene, [gateway = '', metric]) => {
    const route = { gateway, index: 2, protocol: 3, metric: Number(metric) }
    scene.now = { ...scene.now, defaults: [...scene.now.defaults, route] }
  },
}

const COMMANDS: Readonly<Record<string, Command>> = {
  node: (scene, [name = '']) => {
    scene.node = name
    const own = scene.config.nodes.find((one) => one.name === name)?.links ?? []
    const addresses = own.map((link) => ({
      ...{ index: links.find((one) => one.name === link.name)?.index ?? 0, address: link.address },
      ...{ prefix: 24, label: link.name },
    }))
    scene.now = kernel({ addresses, syncDaemons: [] })
    scene.record = NOTHING_OWNED
  },
  change: (scene, _, line) => {
    const [from = '', to = ''] = line.slice('change '.length).split(' => ')
    if (!scene.text.includes(from)) throw new Error(`the sample has no "${from}"`)
    scene.text = scene.text.replaceAll(from, to)
    scene.config = configOf(scene.text)
  },
  owns: (scene, groups) => {
    scene.owned = groups
  },
  quiesces: (scene, groups) => {
    scene.quiescing = groups
  },
  serves: ({ others }, [service, ...nodes]) => nodes.forEach((node) => others.delete(`${service} ${node}`)),
  drains: ({ others }, [service, ...nodes]) => nodes.forEach((node) => others.set(`${service} ${node}`, 'drains')),
  out: ({ others }, [service, ...nodes]) => nodes.forEach((node) => others.set(`${service} ${node}`, 'out')),
  'by-hand': (scene, [what = '', ...words]) => {
    const how = BY_HAND[what]
    if (!how) throw new Error(`nobody does that by hand: ${what}`)
    how(scene, words)
  },
  plan: plans,
  troubles: (scene) => {
    const { seen, input } = look(scene)
    const found = troublesOf(input.view, desired(input, seen), seen, scene.record)
    return found.length === 0 ? ['none'] : found.map(({ code, severity, message }) => `${severity} ${code}: ${message}`)
  },
}
