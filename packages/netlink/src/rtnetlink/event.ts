/** What the kernel tells subscribers of rtnetlink groups. */
import type { Decoded } from '../bytes.ts'
import type { Message } from '../message.ts'
import { decodeAddress, type InterfaceAddress } from './address.ts'
import { decodeLink, type Link } from './link.ts'
import { decodeRoute, type Route } from './route.ts'
import { decodeRule, type Rule } from './rule.ts'
import { RTM } from './types.ts'

export type RouteEvent =
  | { readonly kind: 'address'; readonly change: 'new' | 'deleted'; readonly address: InterfaceAddress }
  | { readonly kind: 'link'; readonly change: 'new' | 'deleted'; readonly link: Link }
  | { readonly kind: 'route'; readonly change: 'new' | 'deleted'; readonly route: Route }
  | { readonly kind: 'rule'; readonly change: 'new' | 'deleted'; readonly rule: Rule }
  | { readonly kind: 'other'; readonly type: number }

const map = <A, B>(decoded: Decoded<A>, to: (value: A) => B): Decoded<B> =>
  decoded.ok ? { ok: true, value: to(decoded.value) } : decoded

/** `new` also stands for a change of one that was there. */
export function decodeEvent(message: Message): Decoded<RouteEvent> {
  switch (message.type) {
    case RTM.newAddress:
    case RTM.deleteAddress:
      return map(decodeAddress(message), (address) => ({
        kind: 'address',
        change: message.type === RTM.newAddress ? 'new' : 'deleted',
        address,
      }))
    case RTM.newLink:
    case RTM.deleteLink:
      return map(decodeLink(message), (link) => ({
        kind: 'link',
        change: message.type === RTM.newLink ? 'new' : 'deleted',
        link,
      }))
    case RTM.newRoute:
    case RTM.deleteRoute:
      return map(decodeRoute(message), (route) => ({
        kind: 'route',
        change: message.type === RTM.newRoute ? 'new' : 'deleted',
        route,
      }))
    case RTM.newRule:
    case RTM.deleteRule:
      return map(decodeRule(message), (rule) => ({
        kind: 'rule',
        change: message.type === RTM.newRule ? 'new' : 'deleted',
        rule,
      }))
    default:
      return { ok: true, value: { kind: 'other', type: message.type } }
  }
}
