/** The walls for files with JSX, which the parser of dependency-cruiser does not read. Imports and exports count; `import()` does not. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Source } from '../mutants/syntax.ts'
import { edgesOf, fileOf } from './imports.ts'
import { type Room, roomOf } from './rooms.ts'

interface Crossing {
  readonly room: string
  readonly from: string
  readonly to: string
}
export interface JsxReport {
  readonly modules: number
  readonly crossings: readonly Crossing[]
}

/** `folders`: of the tree at `root`. */
export function checkJsx(root: string, folders: readonly string[]): JsxReport {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.tsx'))
      .map((path) => `${folder}/${path}`),
  )
  const crossings = files.flatMap((file) => crossingsOf(file, readFileSync(join(root, file), 'utf8')))
  return { modules: files.length, crossings }
}

function crossingsOf(file: string, text: string): Crossing[] {
  const room = roomOf(file)
  if (!room) return []
  return edgesOf(new Source(text, true)).flatMap(({ from }) =>
    from === undefined || isAllowed(room, file, from)
      ? []
      : [{ room: room.name, from: file, to: fileOf(file, from) ?? from }],
  )
}

function isAllowed({ name, may, packages = [], pure }: Room, file: string, specifier: string): boolean {
  const target = fileOf(file, specifier)
  if (target === undefined)
    return (
      (specifier.startsWith('node:') && !pure) ||
      packages.some((one) => specifier === one || specifier.startsWith(`${one}/`))
    )
  const other = roomOf(target)
  return other !== undefined && (other.name === name || may.includes(other.name))
}
