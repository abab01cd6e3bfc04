/** Manual pages, from what each program says of itself. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { NODE } from './layout.ts'

interface Manual {
  readonly section: 1 | 8
  readonly title: string
  readonly also: string
}
const MANUALS: Readonly<Record<string, Manual>> = {
  lvsm: {
    section: 1,
    title: 'look at and steer a cluster of Linux Virtual Server directors and realservers',
    also: 'lvsm-agent(8), lvsm-lease(8), lvsm-coordinator(8)',
  },
  'lvsm-agent': {
    section: 8,
    title: 'make the kernel of a node what the configuration of the cluster says',
    also: 'lvsm(1), lvsm-lease(8), ipvsadm(8), nft(8)',
  },
  'lvsm-lease': {
    section: 8,
    title: 'own floating addresses for a node, by leases from a majority of voters',
    also: 'lvsm(1), lvsm-agent(8), nft(8)',
  },
  'lvsm-coordinator': {
    section: 8,
    title: 'keep the configuration of the cluster, with the other coordinators',
    also: 'lvsm(1), lvsm-agent(8)',
  },
}

/** As roff takes it for text (man 7 groff): no escapes, no requests. */
const literal = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')

/** man 7 man. */
export const page = (name: string, help: string, { section, title, also }: Manual, date: string): string =>
  [
    `.TH ${name.toUpperCase()} ${section} ${date} lvsm`,
    '.SH NAME',
    `${literal(name)} \\- ${literal(title)}`,
    '.SH DESCRIPTION',
    '.nf',
    literal(help.trim()),
    '.fi',
    '.SH SEE ALSO',
    also,
    '',
  ].join('\n')

/** Path in the package → page, not compressed yet. `date`: 2026-11-27. */
export const manuals = (bundles: string, date: string): Map<string, string> =>
  new Map(
    Object.entries(MANUALS).map(([name, manual]) => [
      `usr/share/man/man${manual.section}/${name}.${manual.section}.gz`,
      page(name, said(join(bundles, `${name}.mjs`), '--help'), manual, date),
    ]),
  )

/** What a program prints. Throws where it fails. */
export const said = (program: string, ...words: string[]): string =>
  execFileSync(NODE, ['--disable-sigusr1', program, ...words], { encoding: 'utf8', env: { NO_COLOR: '1' } })
