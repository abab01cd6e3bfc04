/** Which screen is shown: what stands behind the `#` of the page's address. */

export type Place =
  | { readonly screen: 'overview' }
  /** `service`: one of them alone; null: all. */
  | { readonly screen: 'services'; readonly service: string | null }
  | { readonly screen: 'nodes' }

export const SCREENS = { overview: 'Overview', services: 'Services', nodes: 'Nodes' } as const satisfies Record<
  Place['screen'],
  string
>

/** What leads nowhere leads to the overview. Never throws. */
export function placeOf(hash: string): Place {
  const [, screen = '', rest = ''] = /^#\/([^/]*)(?:\/(.*))?$/.exec(hash) ?? []
  if (screen === 'services') return { screen, service: decoded(rest) }
  return screen === 'nodes' ? { screen } : { screen: 'overview' }
}

export function hrefOf(place: Place): string {
  if (place.screen === 'overview') return '#/'
  const more = place.screen === 'services' && place.service !== null ? `/${encodeURIComponent(place.service)}` : ''
  return `#/${place.screen}${more}`
}

function decoded(text: string): string | null {
  try {
    return text === '' ? null : decodeURIComponent(text)
  } catch {
    return null
  }
}
