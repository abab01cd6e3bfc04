/** A write says which nodes use it, and waits for those that are there. */
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { usedText } from '../src/config/waiting.ts'
import { cleanUp } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})
const WEIGHT = ['server', 'set', 'rs1', 'service=http', 'weight=5']

describe('lvsm, after a write', () => {
  it('says that all nodes use it', async () => {
    const { runHere, configuration } = startCoordinator()
    configuration.enrol('dir1', 'rs1')
    for (const name of ['dir1', 'rs1']) configuration.used.set(name, { name, revision: 2 })
    expect(await runHere(WEIGHT)).toMatchObject({ code: 0, err: 'all 2 nodes use it\n' })
  })
  it('waits for a node that is there, and names at once one of which nothing was heard', async () => {
    const { runHere, configuration } = startCoordinator()
    configuration.enrol('dir1', 'rs1', 'rs2')
    configuration.used.set('dir1', { name: 'dir1', revision: 2 }).set('rs1', { name: 'rs1', revision: 1 })
    const done = runHere(WEIGHT)
    let isOver = false
    void done.finally(() => (isOver = true))
    await expect.poll(() => configuration.log.length, { timeout: 60_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isOver).toBe(false)
    configuration.used.set('rs1', { name: 'rs1', revision: 2 })
    expect(await done).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^2 of 3 nodes use revision 2\n {2}not heard of: rs2\n {2}→ /),
    })
  })
  it('ends with a code of its own where one that is there refuses it, and says why', async () => {
    const configuration = new MemoryConfiguration()
    configuration.enrol('dir1', 'rs1')
    configuration.used.set('dir1', { name: 'dir1', revision: 2 }).set('rs1', { name: 'rs1', revision: 1 })
    const trouble = { severity: 'warning', hint: 'install it there', node: 'rs1' } as const
    const { clusterStatus } = configuration
    configuration.clusterStatus = () => ({
      ...clusterStatus(),
      troubles: [
        { ...trouble, code: 'revision-refused', message: 'revision 2 is not understood here' },
        { ...trouble, code: 'revision-refused', message: 'another', node: 'dir1' },
      ],
    })
    const { code, err } = await startCoordinator(configuration).runHere(WEIGHT)
    expect(code).toBe(7)
    expect(err).toMatch(
      /^1 of 2 nodes use revision 2\n {2}not yet: rs1 \(revision 1\)\n {2}rs1: revision 2 is not understood here\n {4}→ install it there\n {2}→ /,
    )
    expect(err).not.toContain('another')
    expect(configuration.known()?.history.revisions).toHaveLength(2)
  })
  it('waits as well until they act on a drain, a stop and their end', async () => {
    const { runHere, configuration } = startCoordinator()
    configuration.enrol('dir1', 'rs1')
    configuration.used.set('dir1', { name: 'dir1', revision: 1, facts: 1 })
    configuration.used.set('rs1', { name: 'rs1', revision: 1, facts: 0 })
    const done = runHere(['drain', 'rs1'])
    let isOver = false
    void done.finally(() => (isOver = true))
    await expect.poll(() => configuration.log.length, { timeout: 60_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isOver).toBe(false)
    configuration.used.set('rs1', { name: 'rs1', revision: 1, facts: 1 })
    expect(await done).toMatchObject({ code: 0, err: 'all 2 nodes act on it\n' })
    // One of an older version does not say, and holds nobody up.
    configuration.used.set('rs1', { name: 'rs1', revision: 1 }).set('dir1', { name: 'dir1', revision: 1, facts: 2 })
    expect(await runHere(['enable', 'rs1'])).toMatchObject({ code: 0, err: 'all 2 nodes act on it\n' })
    configuration.used.set('dir1', { name: 'dir1', revision: 1, facts: 2 })
    expect((await runHere(['drain', 'rs1', '--no-wait'])).err).toBe('')
  })
  it('does not take the silence of a coordinator that has just started for one of all nodes', async () => {
    const { runHere, configuration } = startCoordinator()
    configuration.enrol('dir1', 'rs1')
    const done = runHere(WEIGHT)
    await expect.poll(() => configuration.log.length, { timeout: 60_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    for (const name of ['dir1', 'rs1']) configuration.used.set(name, { name, revision: 2 })
    expect(await done).toMatchObject({ code: 0, err: 'all 2 nodes use it\n' })
  })
  it('does not wait where it was told not to, and where no agent follows', async () => {
    const { runHere, configuration } = startCoordinator()
    expect((await runHere(WEIGHT)).err).toBe('')
    configuration.enrol('dir1')
    configuration.used.set('dir1', { name: 'dir1', revision: 1 })
    expect((await runHere([...WEIGHT.slice(0, 4), 'weight=6', '--no-wait'])).err).toBe('')
  })
})

it('names who is behind, with what it has', () => {
  const seven = { what: 'revision', number: 7 } as const
  expect(usedText({ nodes: 1, behind: [], silent: [] }, seven)).toBe('the node uses it\n')
  const facts = usedText({ nodes: 2, behind: [{ name: 'rs1', number: 6 }], silent: [] }, { what: 'facts', number: 7 })
  expect(facts).toMatch(/^1 of 2 nodes act on it\n {2}not yet: rs1\n/)
  expect(usedText({ nodes: 3, behind: [{ name: 'rs1', number: 6 }], silent: [] }, seven)).toMatch(
    /^2 of 3 nodes use revision 7\n {2}not yet: rs1 \(revision 6\)\n {2}→ .*: lvsm status, and there journalctl -u lvsm-agent\n$/,
  )
})
