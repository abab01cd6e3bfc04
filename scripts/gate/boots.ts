/** From the scenario files of test/lab to as few boots of the lab as possible. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { bundle, bundles } from '../build.ts'
import { ROOT } from './commands.ts'
import { VARIANTS } from './variants.ts'

const SOURCES = join(ROOT, 'test', 'lab')
/** Scenarios, and judges that hold our codecs against the kernel and its tools. */
const SCENARIOS = /\.(lab|oracle)\.ts$/
const BUNDLES = join(ROOT, 'dist', 'lab-tests')
/** Of each variant, in a folder of its own beside today's. */
const DAEMONS = ['lvsm-lease', 'lvsm-agent']

/** One boot: a lab, and the scenario files that run in it one after the other. */
export interface Boot {
  readonly topology: string
  /** `coordinated`: with coordinators in place of files. */
  readonly cluster: boolean | 'coordinated'
  /** Does a file want bundles of variants? */
  readonly variants: boolean
  /** Does a file take longer than a whole run may? It runs when it is named. */
  readonly long: boolean
  /** Names without `.ts`. */
  readonly files: readonly string[]
}

export type LabOptions = Omit<Boot, 'files'>

/** A first line `// lab: topology=pair cluster=no variants=yes long=yes` chooses (`cluster=coordinated`: with coordinators); every file without one shares the default lab. */
export function options(source: string): LabOptions {
  const line = /^\/\/ lab:(.*)$/m.exec(source.split('\n', 1)[0] ?? '')?.[1] ?? ''
  const words = new Map(line.split(/\s+/).map((word) => word.split('=', 2) as [string, string]))
  return {
    topology: words.get('topology') ?? 'default',
    cluster: words.get('cluster') === 'coordinated' ? 'coordinated' : words.get('cluster') !== 'no',
    variants: words.get('variants') === 'yes',
    long: words.get('long') === 'yes',
  }
}

/** `sources`: name → text. Boots come in the order of their first file; files in the order of their names. */
export function group(sources: ReadonlyMap<string, string>): Boot[] {
  const boots = new Map<string, LabOptions & { variants: boolean; files: string[] }>()
  for (const name of [...sources.keys()].toSorted()) {
    const wanted = options(sources.get(name) ?? '')
    const key = `${wanted.topology} ${wanted.cluster}`
    const boot = boots.get(key) ?? { ...wanted, files: [] }
    boot.files.push(name)
    boot.variants ||= wanted.variants
    boots.set(key, boot)
  }
  return [...boots.values()]
}

/** `npm test -- lab:all`: every file, with the scenarios that are left to the soak. */
export const ALL = 'all'

/** The boots that test/lab needs, or those for the files whose names contain one of `only`. */
export function readBoots(only: readonly string[] = []): Boot[] {
  const names = existsSync(SOURCES) ? readdirSync(SOURCES).filter((name) => SCENARIOS.test(name)) : []
  const every = only.length === 0 || only.includes(ALL)
  const wanted = names.filter((name) => every || only.some((part) => name.includes(part)))
  const sources = wanted.map((name) => [basename(name, '.ts'), readFileSync(join(SOURCES, name), 'utf8')] as const)
  return group(new Map(sources.filter(([, text]) => only.length > 0 || !options(text).long)))
}

const bundlesOf = (variant: string): Promise<unknown>[] =>
  DAEMONS.map((name) => bundle(bundles[name] ?? '', join(ROOT, 'dist', variant, `${name}.mjs`), VARIANTS[variant]))

/** Bundles the scenarios, and gives the words after `lab run`; the lab bundles the driver itself. `sample`: without what is left to the soak. */
export async function prepare(boot: Boot, sample: boolean): Promise<readonly string[]> {
  const folder = join(BUNDLES, `${boot.topology}${boot.cluster ? '' : '-bare'}`)
  rmSync(folder, { recursive: true, force: true })
  const outputs = boot.files.map((name) => join(folder, `${name}.mjs`))
  await Promise.all(boot.files.map((name, index) => bundle(join(SOURCES, `${name}.ts`), outputs[index] ?? '')))
  if (boot.variants) await Promise.all(Object.keys(VARIANTS).flatMap(bundlesOf))
  const cluster = boot.cluster === 'coordinated' ? ['--coordinated'] : boot.cluster ? ['--cluster'] : []
  const options = ['--topology', boot.topology, ...cluster]
  const rows = process.env['LAB_ONLY'] ?? ''
  const driver = [
    ...[join(SOURCES, 'driver.ts'), ...(boot.cluster ? [] : ['--bare']), ...(sample ? ['--sample'] : [])],
    ...(rows === '' ? [] : [`--only=${rows}`]),
  ]
  return [...options, ...driver, ...outputs]
}
