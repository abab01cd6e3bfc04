/** What the page knows, and what each thing that happens makes of it. Times are milliseconds of the browser's clock. */
import type { LiveMessage, LiveState, UserRole } from '@lvsm/protocol'

export type Who =
  /** The coordinator is being asked. */
  | { readonly kind: 'asking' }
  | { readonly kind: 'nobody'; readonly why: Out }
  | { readonly kind: 'user'; readonly name: string; readonly role: UserRole }
/** `new`: has not logged in; `over`: the coordinator knows the session no more; `left`: logged out here. */
export type Out = 'new' | 'over' | 'left'

export interface Model {
  readonly who: Who
  /** `lost`: it was there, or was to be, and nothing is heard. What was seen before is old then. */
  readonly link: 'opening' | 'live' | 'lost'
  readonly seen: LiveState | null
  /** When `seen` came. */
  readonly seenAt: number | null
  /** When `seen` was known to be so for the last time. */
  readonly heardAt: number | null
  /** Since when there is no link. */
  readonly lostAt: number | null
  /** States that this page does not understand, since the last one that it did. */
  readonly strange: number
}
export type Happening =
  | { readonly kind: 'user'; readonly name: string; readonly role: UserRole }
  | { readonly kind: 'nobody'; readonly why: Out }
  | { readonly kind: 'message'; readonly message: LiveMessage; readonly at: number }
  | { readonly kind: 'strange' }
  | { readonly kind: 'lost'; readonly at: number }

export const BEGINNING: Model = {
  who: { kind: 'asking' },
  link: 'opening',
  seen: null,
  seenAt: null,
  heardAt: null,
  lostAt: null,
  strange: 0,
}

export function step(model: Model, happening: Happening): Model {
  switch (happening.kind) {
    case 'user':
      return { ...model, who: { kind: 'user', name: happening.name, role: happening.role } }
    case 'nobody':
      // Whoever comes next sees nothing of it.
      return { ...BEGINNING, who: { kind: 'nobody', why: outOf(model.who, happening.why) } }
    case 'message': {
      const { message, at } = happening
      if (message.kind === 'state')
        return { ...model, link: 'live', seen: message, seenAt: at, heardAt: at, lostAt: null, strange: 0 }
      // That it lives says nothing as long as it has not said how it is, in words of this page.
      return model.seen && model.strange === 0 ? { ...model, link: 'live', heardAt: at, lostAt: null } : model
    }
    case 'strange':
      return { ...model, strange: model.strange + 1 }
    case 'lost':
      return { ...model, link: 'lost', lostAt: model.lostAt ?? happening.at }
  }
}

/** The first answer of a page that was just opened is no end of anything; the reason that came first stays. */
function outOf(who: Who, why: Out): Out {
  if (who.kind === 'nobody') return who.why
  return who.kind === 'asking' && why === 'over' ? 'new' : why
}

/** What is shown may not be so any more. */
export const isStale = ({ link, strange }: Model): boolean => link !== 'live' || strange > 0
