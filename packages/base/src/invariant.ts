/** A bug of ours. The process that meets one exits, and its supervisor starts it again. */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

/** Throws when `condition` is false: for what can only be false by a bug, never for bad input. */
export function invariant(condition: unknown, law: string): asserts condition {
  if (!condition) throw new InvariantError(law)
}
