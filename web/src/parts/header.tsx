/** On top of each screen: which cluster, where one can go, who is logged in. */
import { ask } from '../api.ts'
import type { Connection } from '../connection.ts'
import type { Model } from '../core/model.ts'
import { hrefOf, type Place, SCREENS } from '../core/places.ts'
import { Age } from './banner.tsx'

const PLACES: readonly Place[] = [{ screen: 'overview' }, { screen: 'services', service: null }, { screen: 'nodes' }]

export interface HeaderProps {
  readonly model: Model
  readonly place: Place
  readonly connection: Connection
}
export function Header({ model, place, connection }: HeaderProps) {
  const { who, seen } = model
  const logOut = async (): Promise<void> => {
    const asked = await ask('logout')
    // Without an answer the session is still there: nobody is told that he is out.
    if (asked.kind === 'done' || (asked.kind === 'refused' && asked.status === 401)) connection.leave('left')
  }
  return (
    <header>
      <span class="brand">
        lvsm <b>{seen?.status?.cluster}</b>
      </span>
      {who.kind === 'user' && (
        <>
          <nav aria-label="Screens">
            {PLACES.map((one) => (
              <a key={one.screen} href={hrefOf(one)} aria-current={one.screen === place.screen ? 'page' : undefined}>
                {SCREENS[one.screen]}
              </a>
            ))}
          </nav>
          <Age model={model} />
          <span class="who">
            {who.name} <small>{who.role}</small>
          </span>
          <button type="button" class="plain" disabled={model.link === 'lost'} onClick={() => void logOut()}>
            Log out
          </button>
        </>
      )}
    </header>
  )
}
