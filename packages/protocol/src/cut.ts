export const cut = (value: string, longest: number): string =>
  value.length > longest ? `${value.slice(0, longest - 1)}…` : value
