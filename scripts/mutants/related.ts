/** Which tests can notice a mistake in a file: those that reach it by imports, the nearest first. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FOLDERS = ['packages', 'agent', 'coordinator', 'scripts', 'test']
const IMPORTS = /(?:from|import)\s*\(?\s*'([^']+)'/g
/** Recorded text does not count: whoever makes the mistake records it anew. Contracts and the lab need a kernel. */
const UNASKED = /^test\/(cases|contract|lab)\//

export type Imports = ReadonlyMap<string, readonly string[]>

/** File → files of the tree that it imports, types included. */
export function readImports(root: string): Imports {
  const files = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules')),
  )
  return new Map(
    files.map((file) => {
      const found = [...readFileSync(join(root, file), 'utf8').matchAll(IMPORTS)]
      return [file, found.flatMap(([, name = '']) => resolved(file, name) ?? [])]
    }),
  )
}

function resolved(file: string, name: string): string | null {
  if (name.startsWith('.')) return join(dirname(file), name)
  return name.startsWith('@lvsm/') ? join('packages', name.slice('@lvsm/'.length), 'src', 'index.ts') : null
}

/** Everything that imports `file`, or imports what imports it. */
export function reaching(file: string, imports: Imports): ReadonlySet<string> {
  const found = new Set([file])
  for (const one of found) for (const [from, to] of imports) if (to.includes(one)) found.add(from)
  return found
}

export interface Stage {
  readonly name: 'own tests' | 'other tests' | 'simulation'
  readonly files: readonly string[]
}

/** `room`: folder of the file's own room. */
export function stagesFor(file: string, room: string, imports: Imports): Stage[] {
  const tests = [...reaching(file, imports)]
    .filter((name) => name.endsWith('.test.ts') && !UNASKED.test(name))
    .toSorted()
  const own = tests.filter((name) => name.startsWith(`${room}/`))
  const simulation = tests.filter((name) => name.startsWith('test/sim/'))
  const others = tests.filter((name) => !own.includes(name) && !simulation.includes(name))
  const stages: Stage[] = [
    { name: 'own tests', files: own },
    { name: 'other tests', files: others },
    { name: 'simulation', files: simulation },
  ]
  return stages.filter(({ files }) => files.length > 0)
}
