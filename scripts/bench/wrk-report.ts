/** What wrk says of a run, and what runs of two systems by turns say of both. */
import { LabError } from '../lab/paths.ts'
import { spread } from './figures.ts'

export interface Measured {
  readonly perSecond: number
  /** Of a request. */
  readonly medianMs: number
  readonly p99Ms: number
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

function durationOf(text: string, percent: string): number {
  const [, number = '', unit = ''] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(text) ?? []
  return Number.parseFloat(number) * (UNITS[unit] ?? Number.NaN)
}

/** Throws LabError where requests failed: a figure of answers that were refusals tells nothing. */
export function readWrk(text: string): Measured {
  const wrong = /^\s*(Socket errors:.*|Non-2xx.*)$/m.exec(text)?.[1]
  if (wrong !== undefined) throw new LabError(`requests of wrk failed: ${wrong}`)
  const perSecond = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(text)?.[1] ?? Number.NaN)
  const measured = { perSecond, medianMs: durationOf(text, '50'), p99Ms: durationOf(text, '99') }
  if (Object.values(measured).some((one) => !Number.isFinite(one))) throw new LabError(`wrk said no figures: ${text}`)
  return measured
}

const FIGURES = [
  { name: 'requests a second', of: ({ perSecond }: Measured) => perSecond, digits: 0 },
  { name: 'half of the requests within, ms', of: ({ medianMs }: Measured) => medianMs, digits: 2 },
  { name: '99 % of them within, ms', of: ({ p99Ms }: Measured) => p99Ms, digits: 2 },
] as const

/** Met: medians are apart by less than the runs of bare IPVS among themselves. */
export function judged(
  bare: readonly Measured[],
  lvsm: readonly Measured[],
): { readonly lines: readonly string[]; readonly met: boolean } {
  const rows = FIGURES.map(({ name, of, digits }) => {
    const among = bare.map(of)
    const [one, other] = [spread(among)?.median ?? Number.NaN, spread(lvsm.map(of))?.median ?? Number.NaN]
    const [apart, wide] = [Math.abs(one - other), Math.max(...among) - Math.min(...among)]
    const met = apart < wide
    const [bareText, lvsmText, apartText, wideText] = [one, other, apart, wide].map((value) => value.toFixed(digits))
    const verdict = met ? 'met' : 'MISSED'
    return {
      met,
      line: `${name}: bare ${bareText}, lvsm ${lvsmText}; apart ${apartText}, bare among itself ${wideText} (${bare.length} runs): ${verdict}`,
    }
  })
  return { lines: rows.map(({ line }) => line), met: rows.every(({ met }) => met) }
}
