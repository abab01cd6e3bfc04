/**
 * Performance data of a plugin: what stands behind the first `|` of its output, 'label'=value[UOM];[warn];[crit];[min];[max] (Monitoring
 * Plugins Development Guidelines, Performance data).
 */
import { type Figure, MOST_FIGURES } from '@lvsm/protocol'

const PIECE = /(?:'((?:[^']|'')+)'|([^\s='|]+))=(-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)([^\s;\d]*)((?:;[^\s;]*){0,4})/g

/** Of the whole output; what is none is skipped, and so is more than there is room for. */
export function perfdataOf(output: string): Figure[] {
  const [first = '', ...rest] = output.split('\n')
  const long = rest.join('\n')
  const parts = [behindBar(first), behindBar(long)].join(' ')
  return [...parts.matchAll(PIECE)]
    .map(figureOf)
    .filter(({ value }) => Number.isFinite(value))
    .slice(0, MOST_FIGURES)
}

function behindBar(text: string): string {
  const at = text.indexOf('|')
  return at < 0 ? '' : text.slice(at + 1)
}

function figureOf([, quoted, bare, value = '', unit = '', tail = '']: RegExpExecArray): Figure {
  const [, warn = '', critical = '', least = '', most = ''] = tail.split(';')
  return {
    label: quoted?.replaceAll("''", "'") ?? bare ?? '',
    value: numberOf(value),
    unit,
    ...(warn === '' ? {} : { warn }),
    ...(critical === '' ? {} : { critical }),
    ...(isNumber(least) ? { least: numberOf(least) } : {}),
    ...(isNumber(most) ? { most: numberOf(most) } : {}),
  }
}
/** Some plugins write with the comma of their language. */
const numberOf = (text: string): number => Number(text.replace(',', '.'))
const isNumber = (text: string): boolean => text !== '' && Number.isFinite(numberOf(text))
