/** A prober of which one probe has a bug: it throws in a callback, while another goes on. */
import { attempt } from './attempt.ts'
import { guard } from './guard.ts'

guard(() => process.exit(70))
const job = { id: 1, probe: 'connect', keys: {}, address: '', port: 0, source: null, timeoutMs: 5000 }
const tell =
  (name: string) =>
  (ok: boolean | null, reason: string): void =>
    console.log(JSON.stringify([name, ok, reason]))

for (const name of ['one', 'two'])
  attempt(
    () => {
      setImmediate(() => {
        throw new Error('nobody catches this')
      })
      return { sofar: () => '', close: () => undefined }
    },
    job,
    tell(name),
  )
attempt(
  (_, end) => {
    setTimeout(() => end(true, 'goes on'), 200)
    return { sofar: () => '', close: () => undefined }
  },
  job,
  tell('other'),
)
setTimeout(() => {
  throw new Error('of no attempt')
}, 1000)
