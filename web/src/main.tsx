/** The console, as a browser starts it. */
import './console.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { Connection } from './connection.ts'
import { Store } from './store.ts'

const store = new Store()
const connection = new Connection(store)

const root = document.getElementById('console')
if (root) render(<App store={store} connection={connection} />, root)

void connection.begin()
// A laptop that wakes up need not wait for the next try.
for (const name of ['online', 'visibilitychange'])
  (name === 'online' ? window : document).addEventListener(name, () => {
    if (!document.hidden && store.model.who.kind === 'user') void connection.begin()
  })
for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, () => connection.present())
