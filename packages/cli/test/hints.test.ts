/** Who types KEY=VALUE is not advised in the words of a file. */
import { afterEach, expect, it } from 'vitest'
import { inWords } from '../src/config/hints.ts'
import { cleanUp } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

it.each([
  ['  → let it listen on 80, or use forward: nat', '  → let it listen on 80, or use forward=nat'],
  ['  → add gateways: [ADDRESS/PREFIX] to the group', '  → add gateways=[ADDRESS/PREFIX] to the group'],
  [
    '  → add realservers: [{ node: rs1, forward: dr }], or pool: NAME',
    '  → add realservers=[{ node: rs1, forward: dr }], or pool=NAME',
  ],
  ['  → set voter: true on two more nodes', '  → set voter=true on two more nodes'],
  ['forward: dr is what it is', 'forward: dr is what it is'],
  ['  → known services: http, https', '  → known services: http, https'],
  ['  → known directors: dir1', '  → known directors: dir1'],
  ['  → other directors: dir2', '  → other directors: dir2'],
  ['  → why not yet: lvsm status', '  → why not yet: lvsm status'],
])('%s', (said, expected) => expect(inWords(said)).toBe(expected))

it('refusals and warnings of a command of nouns advise what can be typed', async () => {
  const { runHere: run } = startCoordinator()
  const refused = await run(['key', 'add', '2', 'algorithm=sha256', '--yes'])
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/→ .*file=PATH/) })
  expect(refused.err).not.toMatch(/file: PATH/)
})
