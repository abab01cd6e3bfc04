/** Who asks on a machine that is not set up, or was just now, is told so. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { adviceFor, setUpOf } from '../src/advice.ts'
import { DIRECTORIES } from '../src/setup/options.ts'

it('how far a machine is set up decides what is advised', () => {
  const home = mkdtempSync(join(tmpdir(), 'lvsm-advice-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const places = { ...DIRECTORIES, etc: join(home, 'etc'), state: join(home, 'state') }
  const advice = (): string => adviceFor(true, setUpOf(places))
  expect(advice()).toMatch(/in no cluster yet: lvsm init .*lvsm join TOKEN/)
  mkdirSync(places.etc)
  writeFileSync(join(places.etc, 'lvsm.yaml'), '')
  expect(advice()).toMatch(/^start it \(systemctl/)
  mkdirSync(places.state)
  writeFileSync(join(places.state, 'node.json'), '')
  expect(advice()).toMatch(/set up just now lvsm-agent is starting yet: try again/)
  // Somebody listened there, or another place was named.
  expect(adviceFor(false, setUpOf(places))).toMatch(/^start it/)
  // What nobody may look into says nothing.
  expect(setUpOf({ ...places, etc: places.etc, state: join(places.etc, 'lvsm.yaml', 'x') })).toBe('file')
})
