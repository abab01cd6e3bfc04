/** The parts of a state as the database has them: text by key. */
import type { Changes } from './job.ts'

/** What is the same value in both is not looked at. */
export function changesBetween(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Changes {
  const set: [string, string][] = []
  for (const [key, value] of after)
    if (!before.has(key) || before.get(key) !== value) set.push([key, JSON.stringify(value)])
  return { set, gone: [...before.keys()].filter((key) => !after.has(key)) }
}

/** Null: one of them is no JSON. */
export function readParts(texts: ReadonlyMap<string, string>): Map<string, unknown> | null {
  try {
    return new Map([...texts].map(([key, text]): [string, unknown] => [key, JSON.parse(text)]))
  } catch {
    return null
  }
}
