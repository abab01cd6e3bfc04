/** Runs dependency-cruiser over a tree and says which imports go through a wall. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { checkJsx } from './jsx.ts'
import { FORBIDDEN } from './rules.ts'

const SOURCES = ['packages', 'agent', 'coordinator', 'web', 'scripts', 'test']

export interface Breach {
  readonly rule: string
  readonly from: string
  readonly to: string
  readonly law: string
}

export interface WallReport {
  /** How many modules were read: none means that the tool saw nothing, not that all is well. */
  readonly modules: number
  readonly breaches: readonly Breach[]
}

/** Throws when nothing was read. `root` is the tree's absolute path. */
export async function checkWalls(root: string): Promise<WallReport> {
  const folders = SOURCES.filter((folder) => existsSync(join(root, folder)))
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      ruleSet: { forbidden: [...FORBIDDEN] },
      validate: true,
      // TypeScript 7 has no JS API, and with any other parser the tool then reports "0 modules, no violations".
      parser: 'swc',
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '\\.tsx$' },
      // `node_modules/@lvsm` are links: a rule speaks of the room that they lead to.
      preserveSymlinks: false,
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  )
  const { modules, summary } = output as ICruiseResult
  const own = modules.filter((module) => module.source.endsWith('.ts')).length
  if (own === 0)
    throw new Error(
      'dependency-cruiser read no TypeScript module: are typescript and @swc/core versions compatible with it?',
    )
  const laws = new Map(FORBIDDEN.map((rule) => [rule.name, rule.comment ?? '']))
  const breaches = summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    from,
    to,
    law: laws.get(rule.name) ?? '',
  }))
  const jsx = checkJsx(root, folders)
  const crossings = jsx.crossings.map(({ room, from, to }) => ({ rule: room, from, to, law: laws.get(room) ?? '' }))
  return { modules: own + jsx.modules, breaches: [...breaches, ...crossings] }
}

if (import.meta.main) {
  const { modules, breaches } = await checkWalls(process.cwd())
  for (const { rule, from, to, law } of breaches) console.error(`${from} → ${to}\n  ${rule}: ${law}`)
  console.log(`${modules} modules, ${breaches.length} breaches`)
  process.exitCode = breaches.length > 0 ? 1 : 0
}
