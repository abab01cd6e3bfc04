/** What is planted into the way of packets that leave an interface (`tc qdisc … netem`), and how bad that is. */
import type { Severity } from './refusal.ts'

export interface Netem {
  /** `root`, or the handle of the class that it stands below: `1:2`. */
  readonly parent: string
  readonly delayMs: number
  readonly jitterMs: number
  /** 0 to 1; null: by a model of its own, whose share nobody can read off. */
  readonly loss: number | null
  /** 0 to 1. */
  readonly corrupt: number
}

/** A connection loses its pace from here on. */
const MUCH = 0.01

const milliseconds = (ms: number): string => `${Math.round(ms * 10) / 10} ms`
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

/**
 * What only delays may be meant (a laboratory, a WAN that is emulated): where it is too much for a lease or a check, these say so.
 * As what the interface does: `holds back for 700 ms what leaves by it`; null: nothing that harms. Below a class or a band it is of a part alone, which may be of others.
 */
export function netemHarm(netem: Netem): { severity: Severity; does: string } | null {
  const { parent, delayMs, jitterMs, loss, corrupt } = netem
  const around = jitterMs > 0 ? ` (± ${milliseconds(jitterMs)})` : ''
  const does = [
    delayMs > 0 ? `holds back for ${milliseconds(delayMs)}${around}` : '',
    loss === null ? 'loses a part of' : loss > 0 ? `loses ${percent(loss)} of` : '',
    corrupt > 0 ? `corrupts ${percent(corrupt)} of` : '',
  ].filter((text) => text !== '')
  if (does.length === 0) return null
  const isBad = loss === null || loss >= MUCH || corrupt >= MUCH
  const ofAll = parent === 'root'
  const what = ofAll ? 'what leaves by it' : `a part of what leaves by it (below ${parent})`
  return { severity: isBad && ofAll ? 'critical' : 'warning', does: `${does.join(', ')} ${what}` }
}

/** What takes it away again. */
export const netemAway = (dev: string, { parent }: Pick<Netem, 'parent'>): string =>
  `tc qdisc del dev ${dev} ${parent === 'root' ? 'root' : `parent ${parent}`}`
