/** What the kernel has counted since boot, of that which speaks of a trap. */
import { ofProcessors } from '@lvsm/kernel'
import type { MachineFacts } from '@lvsm/protocol'
import { textOf } from './settings.ts'

/** Pairs of lines: names behind a word, then figures behind the same word (/proc/net/netstat). */
export function ofPairs(text: string, wanted: readonly string[]): Record<string, number> {
  const lines = text.split('\n').map((line) => line.split(' '))
  const found: Record<string, number> = {}
  for (const [at, names] of lines.entries()) {
    const figures = lines[at + 1]
    if (at % 2 === 1 || figures === undefined) continue
    const head = (names[0] ?? '').replace(':', '')
    for (const [nth, name] of names.entries())
      if (wanted.includes(`${head}${name}`)) found[`${head}${name}`] = Number(figures[nth])
  }
  return found
}

export function readCounters(): MachineFacts['counters'] {
  const neighbours = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const text = textOf(`/proc/net/stat/${family === 'ipv4' ? 'arp_cache' : 'ndisc_cache'}`)
    if (text === null) return []
    return [
      [`neighbours-${family}`, ofProcessors(text, 'entries', false)],
      [`neighbours-${family}-full`, ofProcessors(text, 'table_fulls', true)],
    ] as const
  })
  return {
    ...ofPairs(textOf('/proc/net/netstat') ?? '', ['TcpExtIPReversePathFilter']),
    ...Object.fromEntries(neighbours),
  }
}
