/** Plain data: what a parser of JSON gives. Never changed, copied along the path of a change. */

export type Tree = Readonly<Record<string, unknown>>

export const isTree = (value: unknown): value is Tree =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Equal texts are equal data, where mappings have their keys in one order. */
export const sameData = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The mapping with this key, or without it where the value is undefined. */
export function withKey(tree: Tree, key: string, value: unknown): Tree {
  if (value !== undefined) return { ...tree, [key]: value }
  const { [key]: _, ...rest } = tree
  return rest
}
