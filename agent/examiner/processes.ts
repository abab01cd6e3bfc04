/** Programs in this network namespace, and what starts at boot. Whose command line nobody looks for stays untold. */
import { readlinkSync } from 'node:fs'
import { plainLine } from '@lvsm/base'
import type { MachineFacts } from '@lvsm/protocol'
import { namesIn, textOf } from './settings.ts'

const LOOKED_FOR =
  /^(keepalived|ldirectord|pulse|nanny|lvsd|heartbeat|pacemakerd|corosync|seesaw_\w+|gorb|surealived|kube-proxy|kube-router|dockerd|systemd-network|systemd-networkd|NetworkManager|dhclient|dhcpcd|firewalld|ufw|lvsm-\w+)$/
/** The command line of an agent names three paths. */
const LONGEST_LINE = 600

const namespaceOf = (pid: string): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return null
  }
}
/** An interpreter may have options before its script. */
const FIRST_WORDS = 4
/** Scripts are named by their interpreter: what they are stands in their first words. */
export function nameIn(comm: string, words: readonly string[]): string {
  const script = words
    .slice(0, FIRST_WORDS)
    .map((word) => (word.split('/').at(-1) ?? '').replace(/^(lvsm-\w+)\.mjs$/, '$1'))
    .find((word) => LOOKED_FOR.test(word))
  return script ?? comm
}
/** `…/system.slice/keepalived.service`. */
export const unitIn = (cgroup: string): string =>
  cgroup
    .split('\n')
    .flatMap((line) => /\/([^/]+\.service)(\/|$)/.exec(line)?.[1] ?? [])
    .at(0) ?? ''

export function readProcesses(): MachineFacts['processes'] {
  const own = namespaceOf('self')
  return namesIn('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const comm = textOf(`/proc/${pid}/comm`)?.trim()
      const words =
        textOf(`/proc/${pid}/cmdline`)
          ?.split('\0')
          .filter((word) => word !== '') ?? []
      if (comm === undefined) return []
      const name = nameIn(comm, words)
      if (!LOOKED_FOR.test(name) || namespaceOf(pid) !== own) return []
      const line = plainLine(words.join(' ')).slice(0, LONGEST_LINE)
      return [
        { pid: Number(pid), name, words: line === '' ? name : line, unit: unitIn(textOf(`/proc/${pid}/cgroup`) ?? '') },
      ]
    })
}

/** Links in the `.wants` folders of systemd: nobody is asked. */
export function readUnits(): string[] {
  const folders = namesIn('/etc/systemd/system').filter((name) => /\.(wants|requires)$/.test(name))
  const units = folders
    .flatMap((folder) => namesIn(`/etc/systemd/system/${folder}`))
    .filter((name) => name.endsWith('.service'))
  return [...new Set(units)].toSorted()
}
