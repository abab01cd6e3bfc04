/** What is made for the package: manual pages, completion, sample, licences, changes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SAMPLE } from '@lvsm/model'
import { ROOT } from '../gate/commands.ts'
import { MAINTAINER } from './control.ts'
import type { Layout } from './layout.ts'
import { copyright, packagesIn } from './licences.ts'
import { manuals, said } from './manuals.ts'

export interface Made {
  /** Folder of the bundles. */
  readonly bundles: string
  readonly version: string
  /** Seconds since 1970. */
  readonly epoch: number
  /** Paths of what is in the bundles. */
  readonly inputs: readonly string[]
  /** npm packages that are in the package beside them. */
  readonly native: readonly string[]
}

const DOC = 'usr/share/doc/lvsm'
/** Without a name and a time in it, so that equal text makes equal bytes. */
const packed = (text: string): { text: Buffer } => ({ text: gzipSync(text, { level: 9 }) })

export function documents({ bundles, version, epoch, inputs, native }: Made): Layout {
  const date = new Date(epoch * 1000)
  const layout: Layout = new Map()
  for (const [path, page] of manuals(bundles, date.toISOString().slice(0, 10))) layout.set(path, packed(page))
  layout.set('usr/share/bash-completion/completions/lvsm', {
    text: said(join(bundles, 'lvsm.mjs'), 'completion', 'bash'),
  })
  layout.set(`${DOC}/copyright`, { text: copyright([...native, ...packagesIn(inputs)]) })
  layout.set(`${DOC}/changelog.gz`, packed(changelog(version, date)))
  layout.set(`${DOC}/CHANGELOG.md.gz`, packed(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')))
  layout.set(`${DOC}/examples/lvsm.yaml`, { text: sample() })
  return layout
}

/** With a key in a file: the one that is published would be no secret. */
const sample = (): string =>
  `# An example: two directors and three realservers. On every node the same file, /etc/lvsm/lvsm.yaml, and the same key:
#   umask 077; openssl rand -hex 32 > /etc/lvsm/heartbeat.key
#   lvsm-agent --check --node dir1
${SAMPLE.replace(/secret: "\w+"/, 'file: /etc/lvsm/heartbeat.key')}`

/** man 5 deb-changelog; what changed is in CHANGELOG.md. */
const changelog = (version: string, date: Date): string =>
  `lvsm (${version}) unstable; urgency=medium

  * What changed is in CHANGELOG.md.gz.

 -- ${MAINTAINER}  ${date.toUTCString().replace('GMT', '+0000')}
`
