/** The lists of the file whose entries have names: how each is found, and what people call it. */
import { isTree } from './tree.ts'
import { serverName } from './server-ref.ts'

export interface Section {
  /** Of one entry, in sentences. */
  readonly title: string
  readonly nameOf: (entry: unknown, all: readonly unknown[]) => string
}

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const by =
  (key: string) =>
  (entry: unknown): string =>
    isTree(entry) ? word(entry[key]) : ''

/** `10.11.0.10/24`, or a mapping with it as address. */
const floatingName = (entry: unknown): string => hostOf(isTree(entry) ? word(entry['address']) : word(entry))
export const hostOf = (cidr: string): string => cidr.split('/')[0] ?? cidr

export const SECTIONS: Readonly<Record<string, Section>> = {
  keys: { title: 'key', nameOf: by('id') },
  nodes: { title: 'node', nameOf: by('name') },
  links: { title: 'link', nameOf: by('name') },
  groups: { title: 'group', nameOf: by('name') },
  vips: { title: 'VIP', nameOf: floatingName },
  gateways: { title: 'gateway', nameOf: floatingName },
  pools: { title: 'pool', nameOf: by('name') },
  services: { title: 'service', nameOf: by('name') },
  realservers: {
    title: 'server',
    nameOf: (entry, all) =>
      isTree(entry)
        ? serverName(
            entry,
            all.filter((one) => isTree(one)),
          )
        : '',
  },
  overrides: { title: 'override', nameOf: by('node') },
  receivers: { title: 'receiver', nameOf: by('name') },
}

/** A place in the file with names in place of numbers: `['services', 0, 'realservers', 1, 'port']` → `services.http.realservers.rs2.port`. */
export function namedPlace(file: unknown, path: readonly (string | number)[]): string {
  const words: string[] = []
  let value: unknown = file
  for (const [at, part] of path.entries()) {
    const section = SECTIONS[String(path[at - 1])]
    if (typeof part === 'number' && Array.isArray(value)) {
      const list: readonly unknown[] = value
      words.push(section?.nameOf(list[part], list) || String(part))
      value = list[part]
    } else {
      words.push(String(part))
      value = isTree(value) ? value[part] : undefined
    }
  }
  return words.join('.')
}
