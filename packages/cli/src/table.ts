/** Borderless tables: read well on a terminal, and cut well by awk. */
import Table from 'cli-table3'
import type { Paint } from './paint.ts'

const BORDERLESS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map((part) => [
    part,
    '',
  ]),
)
const INSIDE = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' }

/** `right` names the columns of numbers. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  right: readonly string[] = [],
): string {
  const grid = new Table({
    head: head.map((title) => paint('dim', title)),
    chars: { ...BORDERLESS, ...INSIDE },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: head.map((title) => (right.includes(title) ? 'right' : 'left')),
  })
  grid.push(...rows.map((row) => [...row]))
  return grid
    .toString()
    .split('\n')
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n')
}
