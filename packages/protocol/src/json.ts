/** Text that was said to be an object of JSON; what is none has no fields. Never throws, whatever the text. */
export function parseObject(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(encoded)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}
