/** Who made what is in the package, and on which terms: the file `copyright`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readFields } from '../fields.ts'
import { ROOT } from '../gate/commands.ts'

const LICENCE = /^(licen[cs]e|copying)\b/i

/** npm packages of which something is in the bundles, from the paths of their inputs. */
export const packagesIn = (inputs: readonly string[]): string[] =>
  [...new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))].toSorted()

/** Throws where a package says nothing: then it must not be given to others. */
export function copyright(names: readonly string[]): string {
  const own = `lvsm ${readFields<{ license: string }>('package.json', read('package.json'), { license: 'text' }).license}: its own files.
The text of that licence is in /usr/share/common-licenses/Apache-2.0.

What else is in this package, each as its makers say:
`
  return [own, ...names.map(sectionOf)].join('\n')
}

function sectionOf(name: string): string {
  const folder = `node_modules/${name}`
  const { version, license = 'see below' } = readFields<{ version: string; license?: string }>(
    name,
    read(`${folder}/package.json`),
    { version: 'text', license: 'text?' },
  )
  return `${'='.repeat(72)}\n${name} ${version} (${license})\n\n${termsOf(name, license)}\n`
}

/** Of a package without a file of its own: that of the one whose part it is. */
const PART_OF: Readonly<Record<string, string>> = { '@koromix/koffi-linux-x64': 'koffi' }

function termsOf(name: string, license: string): string {
  const folder = `node_modules/${PART_OF[name] ?? name}`
  const file = readdirSync(join(ROOT, folder)).find((entry) => LICENCE.test(entry))
  if (file === undefined)
    throw new Error(
      `${folder} (${license}) has no file with its licence\n  → add one for it to PART_OF, or leave the package out`,
    )
  return read(`${folder}/${file}`).replaceAll('\r\n', '\n').trim()
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
