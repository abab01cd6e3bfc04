/** Texts of /proc/net/stat. */

/** A line of names, then a line of hexadecimal figures for each processor (/proc/net/stat): entries are the same in each, all else adds up. */
export function ofProcessors(text: string, name: string, add: boolean): number {
  const [names = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const at = names.indexOf(name)
  const figures = rows.flatMap((row) => (at >= 0 && row[at] !== undefined ? [Number.parseInt(row[at], 16)] : []))
  return add ? figures.reduce((sum, one) => sum + one, 0) : (figures[0] ?? 0)
}
