/** The page as a whole: who is logged in, where he is, and whether what he sees is how it is now. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Connection } from './connection.ts'
import { shownOf } from './core/ages.ts'
import { isStale, type Model } from './core/model.ts'
import { hrefOf, placeOf, type Place, SCREENS } from './core/places.ts'
import { Banner } from './parts/banner.tsx'
import { Header } from './parts/header.tsx'
import { Stale } from './parts/said.tsx'
import { Verdict } from './parts/verdict.tsx'
import { Login } from './screens/login.tsx'
import { Nodes } from './screens/nodes.tsx'
import { Overview } from './screens/overview.tsx'
import { Services } from './screens/services.tsx'
import type { Store } from './store.ts'

export interface AppProps {
  readonly store: Store
  readonly connection: Connection
}

export function App({ store, connection }: AppProps) {
  const model = useModel(store)
  const place = usePlace()
  const { who, seen } = model
  const title = who.kind === 'user' ? SCREENS[place.screen] : 'Log in'
  const cluster = seen?.status?.cluster
  useEffect(() => {
    document.title = [title, cluster, 'lvsm'].filter((part) => part !== undefined).join(' · ')
  }, [title, cluster])
  return (
    <Stale.Provider value={isStale(model)}>
      <a class="skip" href="#main" onClick={toMain}>
        To the content
      </a>
      <Header model={model} place={place} connection={connection} />
      <Banner model={model} />
      <main id="main" tabIndex={-1}>
        <Content model={model} place={place} connection={connection} />
      </main>
    </Stale.Provider>
  )
}

function Content({ model, place, connection }: { model: Model; place: Place; connection: Connection }) {
  const { who } = model
  const seen = shownOf(model)
  useFocus(who.kind === 'user' ? hrefOf(place) : who.kind)
  if (who.kind === 'nobody') return <Login why={who.why} connection={connection} />
  if (!seen) return <p class="waits">{who.kind === 'asking' ? 'Asking the coordinator…' : 'Waiting for its status…'}</p>
  const { status } = seen
  if (!status) return <p class="waits">This coordinator has no configuration yet: it waits for the others.</p>
  return (
    <>
      <Verdict status={status} seen={seen} />
      {place.screen === 'overview' && <Overview status={status} seen={seen} />}
      {place.screen === 'services' && <Services status={status} only={place.service} />}
      {place.screen === 'nodes' && <Nodes status={status} seen={seen} />}
    </>
  )
}

/** What a screen reader reads next, and where the Tab key goes on, is the screen that was just opened: not after the first one. */
function useFocus(shown: string): void {
  const before = useRef<string | null>(null)
  useEffect(() => {
    const isFirst = before.current === null || before.current === 'asking'
    if (!isFirst && before.current !== shown && shown !== 'nobody') document.getElementById('main')?.focus()
    before.current = shown
  }, [shown])
}

/** The address's `#` is the place's. */
function toMain(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function useModel(store: Store): Model {
  const [model, setModel] = useState(store.model)
  useEffect(() => {
    setModel(store.model)
    return store.follow(() => setModel(store.model))
  }, [store])
  return model
}

function usePlace(): Place {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const moved = () => setHash(location.hash)
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  return placeOf(hash)
}
