/** Text that was said to be an object of JSON; what is none has no fields. Never throws, whatever the text. */
export function parseObject(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(encoded)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** Deeper than any configuration: schemas walk into it with a stack that has an end. */
const DEEPEST = 64

/** Do brackets outside of strings go deeper than any shape of ours? To be asked before the text is parsed. */
export function isTooDeep(text: string): boolean {
  let [depth, quoted] = [0, false]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\' && quoted) at++
    else if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    if (depth > DEEPEST) return true
  }
  return false
}
