/** `-o table|json|yaml`: one value, three ways to write it. */
import { stringify } from 'yaml'

export const FORMATS = ['table', 'json', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

/** JSON and YAML carry all that was said, as it was said; `text` is for eyes and may change. */
export function render<Value>(value: Value, format: Format, text: (value: Value) => string): string {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'yaml') return stringify(value)
  return text(value)
}
