/** What dpkg wants to know of the package: its control files (man 5 deb-control). */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Content, Layout } from './layout.ts'

/** By name; scripts of `control/` are run, the others are read. */
export type ControlFiles = ReadonlyMap<string, string>
const SCRIPTS = join(import.meta.dirname, 'control')

/**
 * Of the libraries what Node and the native parts name (`package.test.ts` reads them); systemd makes users and directories, kmod
 * loads what the agent needs.
 */
export const DEPENDS = ['libc6 (>= 2.34)', 'libgcc-s1', 'libstdc++6 (>= 11)', 'kmod', 'systemd (>= 247)']
export const MAINTAINER = 'lvsm maintainers <maintainers@lvsm.invalid>'

const kibibytes = (layout: Layout): number =>
  [...layout.values()].reduce((sum, content) => sum + Math.ceil(sizeOf(content) / 1024), 0)
function sizeOf(content: Content): number {
  if (content === 'directory') return 1024
  return 'from' in content ? statSync(content.from).size : Buffer.byteLength(content.text)
}

const bytesOf = (content: { readonly from: string } | { readonly text: string | Buffer }): string | Buffer =>
  'from' in content ? readFileSync(content.from) : content.text

export function controlFiles(version: string, layout: Layout): ControlFiles {
  const files = [...layout].flatMap(([path, content]) => (content === 'directory' ? [] : [{ path, content }]))
  const sums = files.map(
    ({ path, content }) => `${createHash('md5').update(bytesOf(content)).digest('hex')}  ${path}\n`,
  )
  const control = `Package: lvsm
Version: ${version}
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes(layout)}
Depends: ${DEPENDS.join(', ')}
Suggests: bash-completion, iputils-ping, ipvsadm, nftables
Section: net
Priority: optional
Description: high-availability cluster manager for Linux Virtual Server
 A handful of machines become one layer-4 load balancer on the kernel's own
 IPVS. An address is never answered by two directors: ownership is a lease
 from a majority of voters, and the kernel of every director silences its
 addresses by itself when the lease is not renewed.
 .
 This package has all that a node needs: the process that owns addresses, the
 agent that keeps the kernel as it is configured, the coordinator of the
 configuration, the command, and a Node of their own.
`
  const scripts = readdirSync(SCRIPTS).map((name) => [name, readFileSync(join(SCRIPTS, name), 'utf8')] as const)
  return new Map([['control', control], ['md5sums', sums.join('')], ...scripts])
}

export const isScript = (name: string): boolean => /^(pre|post)(inst|rm)$/.test(name)
