/** A small tree with the same rooms as the house, into which tests plant violations. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOMS } from './rooms.ts'

export interface Fixture {
  readonly root: string
  remove(): void
}

/** `planted`: path in the tree → text. Every room has an `index.ts`, every package its link in node_modules. */
export function plant(planted: Readonly<Record<string, string>>): Fixture {
  const root = mkdtempSync(join(tmpdir(), 'lvsm-house-'))
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('package.json', '{ "type": "module" }')
  mkdirSync(join(root, 'node_modules/@lvsm'), { recursive: true })
  for (const { path } of ROOMS) {
    write(path.endsWith('.ts') ? path : `${path}/index.ts`, 'export const here = 1\n')
    const [top, name, ...rest] = path.split('/')
    // A room inside a package has the package's link.
    if (top !== 'packages' || name === undefined || rest.length !== 1) continue
    write(`packages/${name}/package.json`, `{ "name": "@lvsm/${name}", "type": "module", "exports": "./src/index.ts" }`)
    write(`packages/${name}/README.md`, `# ${name}\n`)
    symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@lvsm', name))
  }
  write('test/kit/index.ts', 'export const here = 1\n')
  for (const name of ['koffi', 'zod', 'commander', 'execa']) {
    write(`node_modules/${name}/package.json`, `{ "name": "${name}", "type": "module", "exports": "./index.js" }`)
    write(`node_modules/${name}/index.js`, 'export const here = 1\n')
  }
  for (const [path, text] of Object.entries(planted)) write(path, text)
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}
