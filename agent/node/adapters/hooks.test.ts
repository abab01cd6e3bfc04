/** Programs of this machine, in a directory that only root could write. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { type Hook, HookRunner } from './hooks.ts'

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})
function begin(text: string, mode = 0o755) {
  // Not below /tmp where that is somebody else's.
  const directory = mkdtempSync(join(process.cwd(), '.cache-hooks-'))
  made.push(directory)
  const path = join(directory, 'hook')
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, mode)
  const runner = new HookRunner(directory)
  const run = (more: Partial<Hook> = {}): Promise<{ ok: boolean; reason: string; tookMs: number }> =>
    new Promise((resolve) => {
      const at = performance.now()
      const hook = {
        hook: 'hook',
        user: null,
        words: ['take', 'web', '7'],
        variables: { LVSM_GROUP: 'web' },
        timeoutMs: 5000,
      }
      runner.run({ ...hook, ...more }, (ok, reason) => resolve({ ok, reason, tookMs: performance.now() - at }))
    })
  return { directory, run }
}

it('a hook has its words and its variables, and ends as it ends', async () => {
  const { directory, run } = begin('echo "$@ $LVSM_GROUP" > "$(dirname "$0")/out"; echo said; exit 3')
  expect(await run()).toMatchObject({ ok: false, reason: 'said (exit code 3)' })
  expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('take web 7 web\n')
  expect(await begin('exit 0').run()).toMatchObject({ ok: true, reason: 'exit code 0' })
  expect(await run({ hook: 'none' })).toMatchObject({ ok: false, reason: expect.stringContaining('ENOENT') })
})

it('one that others can write is not run', async () => {
  const { directory, run } = begin('touch "$(dirname "$0")/ran"', 0o777)
  expect(await run()).toMatchObject({ ok: false, reason: expect.stringContaining('it is not run: ') })
  expect(existsSync(join(directory, 'ran'))).toBe(false)
})

it.runIf(process.geteuid?.() === 0)('one runs as the user that is named, and not as nobody in particular', async () => {
  const { directory, run } = begin('id -un')
  chmodSync(directory, 0o755)
  expect(await run({ user: 'nobody' })).toMatchObject({ reason: expect.stringMatching(/^(nobody \(exit|.*EACCES)/) })
  expect(await run({ user: 'no-such-user' })).toMatchObject({
    ok: false,
    reason: 'there is no user no-such-user on this node',
  })
})

it('one that hangs, forks, ignores TERM and writes for ever is ended whole, in time, and the loop goes on', async () => {
  const { directory, run } = begin(
    `trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo $! > "$(dirname "$0")/pid"; while :; do echo x; done`,
  )
  let [ticks, latest, worst] = [0, performance.now(), 0]
  const timer = setInterval(() => {
    const now = performance.now()
    worst = Math.max(worst, now - latest)
    latest = now
    ticks += 1
  }, 5)
  const how = await run({ timeoutMs: 700 })
  clearInterval(timer)
  expect(how).toMatchObject({ ok: false, reason: 'it did not end within 700 ms' })
  expect(how.tookMs).toBeLessThan(3000)
  expect(ticks, 'meanwhile').toBeGreaterThan(20)
  expect(worst).toBeLessThan(600)
  const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'))
  await eventually(() => expect(existsSync(`/proc/${pid}`)).toBe(false))
})
