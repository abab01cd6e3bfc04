/** Figures for eyes: three digits and a prefix of thousands; exact ones are in JSON. */
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** `12345` → `12.3k`; whole numbers below a thousand stay as they are. */
export function figure(value: number): string {
  let [rest, at] = [value, 0]
  while (Number(rest.toPrecision(3)) >= 1000 && at < PREFIXES.length - 1) [rest, at] = [rest / 1000, at + 1]
  const digits = at === 0 ? String(Math.round(rest)) : String(Number(rest.toPrecision(3)))
  return `${digits}${PREFIXES[at]}`
}
