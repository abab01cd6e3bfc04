/** Of a planned move; empty where nothing is left to say. */
export const unknownText = (to: string, unknown: number | undefined): string =>
  unknown === undefined || unknown === 0
    ? ''
    : `; ${unknown} established connection${unknown === 1 ? '' : 's'} ${to} did not know: ${unknown === 1 ? 'it ends' : 'they end'}`
