/** Options of a command line, as all daemons read them. */

/** One that was left empty, as by a variable of a unit that is not set: the sentence that refuses it; null: there is none. */
export function refuseEmpty(values: Readonly<Record<string, unknown>>): string | null {
  const [name] = Object.entries(values).find(([, value]) => value === '' || isListWithEmpty(value)) ?? []
  return name === undefined ? null : `--${name} is empty: give it a value, or leave it out`
}

const isListWithEmpty = (value: unknown): boolean => Array.isArray(value) && value.includes('')
