/** What a node's word is good for, when it passes on what somebody asks there. */
import { mayCoordinate, type State } from '@lvsm/changes'
import { type ConfigRouteName, CONFIG_ROUTES, type Passed, type UserRole } from '@lvsm/protocol'

/**
 * Who is to be a coordinator holds what lets machines in: whoever is root there may do everything anyway, and its word counts. Of every other node it counts for looking alone, and for what is wanted of that very node: a realserver that
 * somebody broke into changes nothing else.
 */
export function roleFor(state: State, node: string, { user, body }: Passed, route: ConfigRouteName): UserRole {
  const place = state.history.document.nodes[node]
  if (place && mayCoordinate(place)) return user.role
  return route === 'intent' && user.role === 'admin' && isAbout(node, body) ? 'operator' : 'viewer'
}

function isAbout(node: string, body: string): boolean {
  const read = CONFIG_ROUTES.intent.body.safeParse(parsed(body))
  if (!read.success) return false
  const { subject } = read.data.command
  return 'node' in subject && subject.node === node
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Null: there is no such route. */
export function routeFor({ method, path }: Pick<Passed, 'method' | 'path'>): ConfigRouteName | null {
  const [own = ''] = path.split('?', 1)
  const names = Object.keys(CONFIG_ROUTES) as ConfigRouteName[]
  return names.find((name) => CONFIG_ROUTES[name].path === own && CONFIG_ROUTES[name].method === method) ?? null
}
