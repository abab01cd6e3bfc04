import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { isRecord } from './fields.ts'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const record = join(dist, '.inputs.json')

/** Bundle name by entry point. */
export const bundles: Readonly<Record<string, string>> = {
  'lvsm-lease': 'agent/lease/main.ts',
  'lvsm-agent': 'agent/node/main.ts',
  'lvsm-prober': 'agent/prober/main.ts',
  'lvsm-examiner': 'agent/examiner/main.ts',
  'lvsm-agent-counts': 'agent/counts/main.ts',
  'lvsm-coordinator': 'coordinator/main.ts',
  'lvsm-coordinator-store': 'coordinator/adapters/store/worker.ts',
  lvsm: 'packages/cli/src/main.ts',
  'lab-guest': 'scripts/lab/guest/main.ts',
  observe: 'test/lab/observers/main.ts',
  console: 'web/src/main.tsx',
}
/** The one that browsers run: a folder, with the page, its style and its icon. */
const CONSOLE = 'console'

/** CommonJS dependencies inside an ES module ask for these. */
const banner =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"

/** Size and time of each input by path, and of this file: what a bundle was made of. */
type Inputs = Record<string, string>

/** What was built from what; whatever cannot be read is built anew. */
function readRecord(text: string): Record<string, Inputs> {
  try {
    const known: unknown = JSON.parse(text)
    return isRecord(known) ? Object.fromEntries(Object.entries(known).filter(isBundle)) : {}
  } catch {
    return {}
  }
}
const isBundle = (entry: [string, unknown]): entry is [string, Inputs] =>
  isRecord(entry[1]) && Object.values(entry[1]).every((stamp) => typeof stamp === 'string')

const stamp = (path: string): string => {
  const file = join(root, path)
  if (!existsSync(file)) return 'gone'
  const { mtimeMs, size } = statSync(file)
  return `${mtimeMs}:${size}`
}

const own = relative(root, import.meta.filename)

/** Modules that stand in for others, by the path of what they replace; each may import what it replaces, and change it. */
export type Replacements = Readonly<Record<string, string>>

const replacing = (modules: Replacements): Plugin => ({
  name: 'replacing',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) => {
      const stead = modules[relative(root, resolve(resolveDir, path))]
      return stead === undefined || relative(root, importer) === stead ? undefined : { path: join(root, stead) }
    })
  },
})

/**
 * What an ES module imports of `node:http` is copied when the program starts, everything that it exports, and there are getters among
 * it that load Node's whole `fetch`: a sixth of the start of `lvsm` [measured]. Of this one only what is used is touched.
 */
const leanHttp: Plugin = {
  name: 'lean-http',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:http$/ }, () => ({ path: 'http', namespace: 'lean' }))
    onLoad({ filter: /^http$/, namespace: 'lean' }, () => ({
      contents:
        "export const { Agent, createServer, request, ServerResponse, STATUS_CODES } = process.getBuiltinModule('node:http')",
    }))
  },
}

/** One bundle for the project's Node; what is native stays outside. Returns its inputs, relative to the repository. */
export async function bundle(entry: string, outfile: string, replaced: Replacements = {}): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['koffi', 'better-sqlite3'],
    sourcemap: 'linked',
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
    banner: { js: banner },
    plugins: [replacing(replaced), leanHttp],
  })
  return Object.keys(metafile.inputs)
}

/** The console, into a folder: `main.tsx` imports its style, and the page stands beside it. Returns its inputs. */
export async function bundleConsole(entry: string, folder: string): Promise<string[]> {
  const beside = (name: string): string => join(dirname(entry), name)
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { console: entry, index: beside('index.html'), icon: beside('icon.svg') },
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    // What `npm run build` makes is read by browsers of the last three years.
    target: ['chrome115', 'firefox115', 'safari16.4'],
    loader: { '.html': 'copy', '.svg': 'copy' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  return Object.keys(metafile.inputs)
}

export interface Built {
  readonly made: string[]
  readonly kept: string[]
  /** Entry points that are not there. */
  readonly missing: string[]
}

/** Every bundle whose inputs changed. Throws esbuild's own error, with places, when one does not build. */
export async function buildAll(names: readonly string[] = Object.keys(bundles)): Promise<Built> {
  mkdirSync(dist, { recursive: true })
  const known = existsSync(record) ? readRecord(readFileSync(record, 'utf8')) : {}
  const result: Built = { made: [], kept: [], missing: [] }
  await Promise.all(
    names.map(async (name) => {
      const entry = bundles[name] as string
      const outfile = join(dist, name === CONSOLE ? CONSOLE : `${name}.mjs`)
      const before = known[name]
      if (!existsSync(join(root, entry))) return void result.missing.push(name)
      const same = before && Object.entries(before).every(([path, value]) => stamp(path) === value)
      if (same && existsSync(outfile)) return void result.kept.push(name)
      const inputs = await (name === CONSOLE ? bundleConsole(entry, outfile) : bundle(entry, outfile))
      known[name] = Object.fromEntries([...inputs, own].map((path) => [path, stamp(path)]))
      result.made.push(name)
    }),
  )
  if (result.made.length > 0) writeFileSync(record, JSON.stringify(known))
  return result
}

/** Paths of what the bundles were made of, as of the last build; relative to the repository. */
export function inputsOf(names: readonly string[]): string[] {
  const known = readRecord(readFileSync(record, 'utf8'))
  return [...new Set(names.flatMap((name) => Object.keys(known[name] ?? {})))]
}

if (import.meta.main) {
  try {
    const { made, kept, missing } = await buildAll()
    const line = (what: string, names: string[]) =>
      names.length > 0 ? `${what} ${names.sort().join(', ')}` : undefined
    const lines = [line('built', made), line('unchanged', kept), line('no source yet:', missing)]
    console.log(lines.filter((text) => text !== undefined).join('; '))
  } catch (error) {
    console.error(`build failed: ${(error as Error).message}`)
    console.error(`  → correct the file named above, then run it again`)
    process.exitCode = 1
  }
}
