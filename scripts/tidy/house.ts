/** The house linter: what no general linter knows. `node scripts/tidy/house.ts`, or as a step of the gate. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { uncited } from './cited.ts'
import { type Finding, inspect } from './laws.ts'
import { ROOMS, roomOf } from './rooms.ts'

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage'])
const TEXT = /\.(tsx?|mjs|cjs|js|json|jsonc|md|yaml|yml|sh|txt|conf)$|(^|\/)(\.npmrc|\.gitignore|run)$/
const INNER = /\/(src|core|adapters)$/
const README_ROOMS = ['test', 'scripts/lab', 'scripts/tidy', 'scripts/gate', 'scripts/mutants', 'scripts/package']

/** Path → text of everything that is text. */
export const readTree = (root: string): ReadonlyMap<string, string> =>
  new Map([...walk(root, '')].map((file) => [file, readFileSync(join(root, file), 'utf8')]))

export interface HouseReport {
  readonly files: number
  readonly findings: readonly Finding[]
}

/** `root` is the tree's path, `texts` what is in it. The laws that need a parser are apart: `syntax.ts`. */
export function checkHouse(root: string, texts = readTree(root)): HouseReport {
  const files = [...texts.keys()]
  const findings = [...texts].flatMap(([file, text]) => inspect(file, text))
  return {
    files: files.length,
    findings: [...findings, ...uncited(texts), ...unknownRooms(files), ...missingReadmes(root)],
  }
}

function* walk(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* walk(root, path)
    if (entry.isFile() && TEXT.test(path)) yield path
  }
}

/** Code outside the table of rooms would stand outside all walls. */
const unknownRooms = (files: readonly string[]): Finding[] =>
  files
    .filter(
      (file) => /^(packages|agent|coordinator|web)\/.*\.tsx?$/.test(file) && !/^packages\/[^/]+\/test\//.test(file),
    )
    .filter((file) => roomOf(file) === undefined)
    .map((file) => ({
      law: 'known-room',
      file,
      line: 1,
      message: 'in no room of scripts/tidy/rooms.ts: add the room, with what it may import',
    }))

/** The README of `packages/NAME/src` stands in `packages/NAME`; that of a core, in it or above it. */
const missingReadmes = (root: string): Finding[] =>
  [...ROOMS.map((room) => room.path).filter((path) => !path.endsWith('.ts')), ...README_ROOMS]
    .filter((path) => existsSync(join(root, path)) && readdirSync(join(root, path)).some((name) => name !== '.gitkeep'))
    .filter(
      (path) =>
        !existsSync(join(root, path, 'README.md')) && !existsSync(join(root, path.replace(INNER, ''), 'README.md')),
    )
    .map((path) => ({
      law: 'readme',
      file: path,
      line: 1,
      message: 'no README.md: what it owns, refuses, its laws, its smallest test',
    }))

if (import.meta.main) {
  const texts = readTree(process.cwd())
  const { files, findings: plain } = checkHouse(process.cwd(), texts)
  const { inspectSyntax } = await import('./syntax.ts')
  const findings = [...plain, ...inspectSyntax(texts)]
  for (const { law, file, line, message } of findings) console.error(`${file}:${line}: ${message} (${law})`)
  console.log(`${files} files, ${findings.length} findings`)
  process.exitCode = files === 0 || findings.length > 0 ? 1 : 0
}
