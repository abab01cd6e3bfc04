/** Whom the kernel lets in nowhere is told how to get in; everybody else, what else may be wrong. */
import { expect, it } from 'vitest'
import { explained } from '../src/failure.ts'
import { reasonOf, unreached } from '../src/http.ts'

const said = (...codes: string[]): string => {
  const silences = codes.map((code) => {
    const socketPath = `/run/${code}.sock`
    return { socketPath, reason: reasonOf(Object.assign(new Error(`as said: ${code}`), { code }), 'agent', socketPath) }
  })
  return explained(unreached('an agent', silences, 'start it')).text
}

it('names the group whose members may look, and how one becomes a member', () =>
  expect(said('EACCES')).toBe(`lvsm: cannot reach an agent; tried:
  /run/EACCES.sock: permission denied: it is for root, and for members of group lvsm-view, who may look
  → run it as root; or become a member, to look: as root usermod -aG lvsm-view USER, and log in again
`))
it('says something else where one of the sockets would be open', () => {
  expect(said('EACCES', 'ENOENT')).toMatch(/EACCES.sock: permission denied.*\n.*is not running\n {2}→ start it\n$/)
  expect(said()).toMatch(/→ start it\n$/)
})
it('has the words of the system for what it has no words for', () =>
  expect(said('EMFILE')).toMatch(/\/run\/EMFILE.sock: as said: EMFILE/))
