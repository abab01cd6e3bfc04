/** `a, b, c and 4 more`: so many by their names. */
export const listed = (names: readonly string[], most: number, between = ', '): string =>
  names.slice(0, most).join(between) + (names.length > most ? ` and ${names.length - most} more` : '')
