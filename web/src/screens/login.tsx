/** Who are you? Afterwards the page is where it was. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../api.ts'
import type { Connection } from '../connection.ts'
import type { Out } from '../core/model.ts'

const WHY: Readonly<Record<Out, string | null>> = {
  new: null,
  over: 'Your session is over: it was idle for long, its user was changed, or this coordinator was restarted. Log in again, and you are back where you were.',
  left: 'You are logged out.',
}

export function Login({ why, connection }: { why: Out; connection: Connection }) {
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const user = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  useEffect(() => user.current?.focus(), [])
  const enter = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setFault('')
    const words = { user: user.current?.value ?? '', password: password.current?.value ?? '' }
    const asked = await ask('login', words)
    setBusy(false)
    if (asked.kind === 'done') return connection.begin()
    const { message, hint } = asked.kind === 'refused' ? asked.refusal : UNREACHABLE
    setFault(hint === undefined ? `${message}.` : `${message}: ${hint}.`)
    if (password.current) password.current.value = ''
    password.current?.focus()
  }
  return (
    <form class="login" onSubmit={(event) => void enter(event)}>
      <h1>Log in</h1>
      {WHY[why] !== null && <p>{WHY[why]}</p>}
      <label for="user">User</label>
      <input ref={user} id="user" autocomplete="username" autocapitalize="none" spellcheck={false} required />
      <label for="password">Password</label>
      <input ref={password} id="password" type="password" autocomplete="current-password" required />
      <div role="alert" class="fault">
        {fault}
      </div>
      <button type="submit">{busy ? 'Asking…' : 'Log in'}</button>
    </form>
  )
}
const UNREACHABLE = { message: 'the coordinator does not answer', hint: 'try again, or another coordinator' }
