/**
 * The laws of tunnels: what an open one lets in passes the rules first, as long as it is there; and only what bears our note, or
 * stands in our record, is changed. As the other laws they share no code with `diff`.
 */
import type { NatRules } from './nat-rules.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'

/** A copy of the mark, on purpose. */
const DEVICE = /^lvsm-[a-z][0-9a-f]{8}$/
const NOTE = 'lvsm'

export interface TunnelBoard {
  /** Devices that the rules guard, as one text. */
  guarded: string
  /** Devices of ours that stand. */
  readonly standing: Set<string>
}

export const tunnelBoard = ({ links, natRules }: Pick<Observed, 'links' | 'natRules'>): TunnelBoard => ({
  guarded: natRules ?? '',
  standing: new Set(links.filter(({ name, note }) => DEVICE.test(name) && note === NOTE).map(({ name }) => name)),
})

const guards = ({ guarded }: TunnelBoard, name: string): boolean => guarded.includes(JSON.stringify(name))

export function judgeGuard(needs: NatRules | null, board: TunnelBoard): string[] {
  board.guarded = JSON.stringify(needs?.tunnels?.devices ?? [])
  return [...board.standing]
    .filter((name) => !guards(board, name))
    .map((name) => `tunnel ${name} would stand unguarded`)
}

type GueOperation = Extract<Operation, { readonly kind: 'gue-open' | 'gue-close' }>
type TunnelOperation = Extract<Operation, { readonly kind: 'tunnel-add' | 'tunnel-up' | 'tunnel-remove' }>
interface Seen {
  readonly observed: Pick<Observed, 'links'>
  readonly owned: ReadonlyMap<string, unknown>
}

export function judgeGue({ kind, port, family }: GueOperation, { owned }: Seen, { guarded }: TunnelBoard): string[] {
  if (kind === 'gue-open') return guarded.includes('lvsm-') ? [] : [`GUE on port ${port} before rules guard tunnels`]
  return owned.has(family === 'ipv6' ? `gue ${port} ipv6` : `gue ${port}`)
    ? []
    : [`GUE on port ${port} is not ours to close`]
}

export function judgeTunnel(operation: TunnelOperation, { observed }: Seen, board: TunnelBoard): string[] {
  const { kind, name } = operation
  const broken: string[] = []
  if (!DEVICE.test(name)) broken.push(`${name} is no name of a tunnel of ours`)
  if (kind !== 'tunnel-remove' && !guards(board, name)) broken.push(`tunnel ${name} before the rules that guard it`)
  const there = observed.links.find((link) => link.name === name)
  const ours = there?.note === NOTE && (kind === 'tunnel-add' || there.index === operation.index)
  if (kind === 'tunnel-add' ? there !== undefined && !ours : !ours) broken.push(`${name} is not our device`)
  if (kind === 'tunnel-remove') board.standing.delete(name)
  return broken
}
