/** A copy of the tree, in which mistakes are planted: the tree itself is never touched. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const COPIED = [
  'packages',
  'agent',
  'coordinator',
  'scripts',
  'test',
  'package.json',
  'vitest.config.ts',
  'tsconfig.json',
]
const LEFT = new Set(['node_modules', 'dist', '.cache'])
/** Links of node_modules that lead to rooms, and must lead to the copied ones. */
const OURS = '@lvsm'

export class Scratch {
  readonly root: string

  constructor(tree: string) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-mutants-')))
    for (const name of COPIED.filter((one) => existsSync(join(tree, one))))
      cpSync(join(tree, name), join(this.root, name), {
        recursive: true,
        filter: (path) => !LEFT.has(basename(path)),
      })
    const modules = join(this.root, 'node_modules')
    mkdirSync(join(modules, OURS), { recursive: true })
    for (const name of readdirSync(join(tree, 'node_modules')))
      if (name !== OURS && name !== '.vite') symlinkSync(join(tree, 'node_modules', name), join(modules, name))
    for (const name of existsSync(join(this.root, 'packages')) ? readdirSync(join(this.root, 'packages')) : [])
      symlinkSync(join('..', '..', 'packages', name), join(modules, OURS, name))
  }

  /** Gives what undoes it. */
  plant(file: string, source: string): () => void {
    const path = join(this.root, file)
    const before = readFileSync(path)
    writeFileSync(path, source)
    return () => writeFileSync(path, before)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
