import { MODEL_VERSION } from '@lvsm/changes'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { cleanUp, lvsm, scratchPath, startAgent } from './agent.ts'
import { MemoryConfiguration, SAMPLE_DOCUMENT } from '../../../test/kit/configuration.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})
const WEIGHT = ['server', 'set', 'rs1', 'service=http']

describe('lvsm config', () => {
  it('shows the document as YAML, which apply takes again and changes nothing, and as data', async () => {
    const { run, revisions } = startCoordinator()
    const file = scratchPath('out.yaml')
    const [shown, json] = await Promise.all([run(['config', 'show']), run(['config', 'show', '-o', 'json'])])
    expect({ code: shown.code, err: shown.err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(json.out)).toEqual(parse(shown.out))
    expect((await run(['config', 'export', file])).out).toBe(`revision 1 is in ${file}\n`)
    expect(readFileSync(file, 'utf8')).toBe(shown.out)
    expect(await run(['config', 'apply', file])).toEqual({
      code: 0,
      out: 'nothing to change: it is so already, in revision 1\n',
      err: '',
    })
    expect((await run(['config', 'export', file])).code).toBe(2)
    expect(revisions()).toEqual([1])
  })

  it('changes one thing, with its comment and author, and shows what changed', async () => {
    const { run, weight } = startCoordinator()
    const { code, out, err } = await run([...WEIGHT, 'weight=5', '-m', 'new memory'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe('~ service http, server rs1: weight 1 → 5\nnone added, 1 changed, none removed\nrevision 2\n')
    expect(weight('rs1')).toBe(5)
    const then = await Promise.all([run(['config', 'show', '1']), run(['config', 'show', '2'])])
    expect(then.map(({ out }) => /weight: (\d)/.exec(out)?.[1])).toEqual(['1', '5'])
    const [history, one] = await Promise.all([run(['config', 'history']), run(['config', 'history', '2'])])
    expect(history.out).toMatch(
      / 2 +2023-11-14T22:13:20\.000Z +\S+ +none added, 1 changed, none removed +new memory\n +1 /,
    )
    expect(one.out).toMatch(/^revision 2 .*\nnew memory\n~ service http, server rs1: weight 1 → 5\n/)
  })

  it('ends diff as diff(1) does', async () => {
    const { run, configuration } = startCoordinator()
    await run([...WEIGHT, 'weight=5'])
    const [last, none, wrong] = await Promise.all([
      run(['config', 'diff']),
      run(['config', 'diff', '2', '2']),
      run(['config', 'diff', '7']),
    ])
    expect([last.code, none.code, wrong.code]).toEqual([1, 0, 2])
    expect(last.out).toMatch(/^from revision 1 to 2:\n~ service http/)
    expect(none.out).toBe('from revision 2 to 2:\nno difference\n')
    configuration.weather = 'cut-off'
    expect((await run(['config', 'diff'])).code).toBe(2)
    expect((await lvsm(['config', 'diff', '--coordinator-socket', scratchPath('none')])).code).toBe(2)
  })

  it('goes back to an earlier document by one more revision', async () => {
    const { run, weight, revisions } = startCoordinator()
    await run([...WEIGHT, 'weight=5'])
    const { code, out } = await run(['config', 'rollback', '1'])
    expect([code, out.split('\n')[0]]).toEqual([0, '~ service http, server rs1: weight 5 → 1'])
    expect([weight('rs1'), revisions()]).toEqual([1, [1, 2, 3]])
    expect((await run(['config', 'history'])).out).toContain('(back to 1)')
    expect((await run(['config', 'rollback', '9'])).code).toBe(1)
  })

  it('shows with --dry-run what would be and what each node would do, and changes nothing', async () => {
    const { run, revisions } = startCoordinator()
    const [text, json] = await Promise.all([
      run(['service', 'remove', 'http', '--dry-run']),
      run([...WEIGHT, 'weight=5', '--dry-run', '-o', 'json']),
    ])
    expect(text.code).toBe(0)
    expect(text.out).toMatch(
      /^on revision 1:\n- service http: .*\n(- .*\n)*none added, none changed, \d removed\ndir1\n {2}- /,
    )
    expect(JSON.parse(json.out)).toMatchObject({ base: 1, nodes: [{ node: 'dir1' }, { node: 'dir2' }] })
    expect(revisions()).toEqual([1])
  })

  it('refuses what was made on an older revision, and says what changed since', async () => {
    const { run, weight } = startCoordinator()
    const file = scratchPath('old.yaml')
    await run(['config', 'export', file])
    await run([...WEIGHT, 'weight=5'])
    writeFileSync(file, readFileSync(file, 'utf8').replace('scheduler: wrr', 'scheduler: wlc'))
    const applied = await run(['config', 'apply', file])
    const set = await run([...WEIGHT, 'weight=7', '--if-revision', '1'])
    for (const { code, out, err } of [applied, set]) {
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toContain('made on revision 1, and the newest is 2')
      expect(err).toContain('changed since:\n  ~ service http, server rs1: weight 1 → 5\n')
    }
    expect(weight('rs1')).toBe(5)
    expect((await run(['config', 'apply', file, '--if-revision', '2'])).code).toBe(0)
  })

  it('names the faults of a file with line and column, and takes standard input', async () => {
    const { run, revisions } = startCoordinator()
    const file = scratchPath('bad.yaml')
    writeFileSync(file, SAMPLE_DOCUMENT.replace('scheduler: wrr', 'scheduler: wr').replace('port: 80\n', 'port: 0\n'))
    const { code, err } = await run(['config', 'apply', file])
    expect(code).toBe(1)
    expect(err).toMatch(/bad\.yaml:\d+:\d+: services\[0\]\.port: [^]*bad\.yaml:\d+:\d+: services\[0\]\.scheduler: /)
    expect((await run(['config', 'apply', '-'])).code).toBe(1)
    expect((await run(['config', 'apply', '/nowhere'])).code).toBe(2)
    expect(revisions()).toEqual([1])
  })

  it('does not call a write failed, or done, whose end is not known', async () => {
    const { run, configuration } = startCoordinator()
    for (const weather of ['lost', 'forgotten'] as const) {
      configuration.weather = weather
      for (const args of [
        [...WEIGHT, `weight=${weather.length}`],
        ['drain', 'rs2'],
      ]) {
        const { code, out, err } = await run(args)
        expect({ code, out }).toEqual({ code: 5, out: '' })
        expect(err).toMatch(/may have been made[^]*→ look before you repeat it: lvsm config history/)
      }
    }
  })

  it('does not either where the connection broke, or a stranger answered, after the change was sent', async () => {
    const preview = { base: 1, change: [], lines: [], nodes: [], warnings: [] }
    const dies = await startAgent(({ path }) =>
      path === '/v1/config/preview' ? { body: preview } : { code: 500, body: {} },
    )
    const odd = await startAgent(({ path }) => (path === '/v1/config/preview' ? { body: preview } : { body: { a: 1 } }))
    // A fault of the coordinator itself says why, and may have come after the change.
    const bug = { refusals: [{ code: 'bug', message: 'a fault of the coordinator itself' }] }
    const faulty = await startAgent(({ path }) =>
      path === '/v1/config/preview' ? { body: preview } : { code: 500, body: bug },
    )
    for (const { socketPath } of [dies, odd, faulty]) {
      const { code, err } = await lvsm([...WEIGHT, 'weight=5', '--coordinator-socket', socketPath])
      expect(code).toBe(5)
      expect(err).toContain('may have been made')
    }
  })

  it('makes the change on the revision that was shown, and no other', async () => {
    const preview = { base: 7, change: [], lines: [], nodes: [], warnings: [] }
    const { socketPath, heard } = await startAgent(({ path }) =>
      path === '/v1/config/preview' ? { body: preview } : { code: 409, body: { refusals: [] } },
    )
    await lvsm([...WEIGHT, 'weight=5', '--coordinator-socket', socketPath])
    expect(heard.map(({ path }) => path)).toEqual(['/v1/config/preview', '/v1/config/change'])
    expect(heard[1]?.body).toMatchObject({ base: 7 })
  })

  it('asks no second coordinator for a change that the first may have got', async () => {
    const preview = JSON.stringify({ base: 1, change: [], lines: [], nodes: [], warnings: [] })
    const first = scratchPath('breaks.sock')
    const breaks = createServer((incoming, response) => {
      if (incoming.url === '/v1/config/preview') response.setHeader('content-type', 'application/json').end(preview)
      else incoming.resume().on('end', () => incoming.socket.destroy())
    }).listen(first)
    onTestFinished(() => void breaks.close())
    const { socketPath: second, configuration } = startCoordinator()
    const { code, err } = await lvsm([...WEIGHT, 'weight=5', '--coordinator-socket', `${first}:${second}`])
    expect(code).toBe(5)
    expect(err).toContain('may have been made')
    expect(configuration.log).toEqual([])
  })

  it('asks the first coordinator of a list that is there, and names all when none is', async () => {
    const { socketPath } = startCoordinator()
    const none = scratchPath('none.sock')
    const found = await lvsm(['coordinators', '--coordinator-socket', `${none}:${socketPath}`])
    expect(found.code).toBe(0)
    const lost = await lvsm(['config', 'show', '--node', 'nowhere'])
    expect(lost.code).toBe(3)
    expect(lost.err).toMatch(
      /\/run\/lvsm-coordinator\/nowhere\/coordinator\.sock: no such socket: the coordinator is not/,
    )
  })

  it('shows what a coordinator has with --stale while no majority is there', async () => {
    const { run, configuration } = startCoordinator()
    configuration.weather = 'cut-off'
    const [newest, stale] = await Promise.all([run(['config', 'show']), run(['config', 'show', '--stale'])])
    expect([newest.code, stale.code]).toEqual([3, 0])
    expect(newest.err).toContain('no majority of coordinators can be reached\n  → lvsm coordinators')
    expect(stale.out).toContain('cluster: lab')
  })
})

describe('lvsm coordinators remove', () => {
  it('takes out the one that is named, by name or id, and tells why not', async () => {
    const { runHere, configuration } = startCoordinator()
    expect(await runHere(['coordinators', 'remove', 'dir2', '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^dir2 is no coordinator any more\n {2}→ .*disable --now lvsm-coordinator\n$/),
    })
    expect((await runHere(['coordinators', 'remove', '9'])).code).toBe(0)
    expect(configuration.removed).toEqual([2, 9])
    expect(await runHere(['coordinators', 'remove', 'rs7'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/there is no coordinator rs7[^]*there are dir1, dir2, 9/),
    })
    const refusal = { code: 'no-majority', message: 'no majority is left', hint: 'start those that are down' }
    configuration.remove = async () => ({ kind: 'refused', refusal })
    const refused = await runHere(['coordinators', 'remove', 'dir2'])
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/no majority is left[^]*start those/) })
    configuration.remove = async () => ({ kind: 'unknown' })
    expect((await runHere(['coordinators', 'remove', 'dir2'])).code).toBe(5)
  })
})

describe('lvsm cluster finalize', () => {
  it('shows who knows what, agrees on what they all know, and says what begins', async () => {
    const { runHere, configuration } = startCoordinator(new MemoryConfiguration(undefined, 0))
    const dry = await runHere(['cluster', 'finalize', '--dry-run'])
    expect(dry.out).toMatch(
      new RegExp(
        ` dir1 +lvsm-coordinator +0\\.0\\.0 +${MODEL_VERSION}\\n +dir2 +lvsm-coordinator +silent: to be upgraded when it comes back +-\\n`,
      ),
    )
    expect(dry.out).toMatch(
      new RegExp(`speaks version 0; everybody who answers knows ${MODEL_VERSION}, with which begins:\\n {2}\\S`),
    )
    expect(configuration.log).toEqual([])
    expect(await runHere(['cluster', 'finalize', '--yes'])).toMatchObject({
      code: 0,
      out: `the cluster speaks version ${MODEL_VERSION} of the model\n`,
    })
    expect(configuration.log).toMatchObject([{ kind: 'finalize', version: MODEL_VERSION }])
    expect((await runHere(['cluster', 'finalize'])).err).toMatch(/nothing to do/)
    expect(configuration.log).toHaveLength(1)
    expect(JSON.parse((await runHere(['cluster', 'finalize', '--dry-run', '-o', 'json'])).out)).toMatchObject({
      finalized: MODEL_VERSION,
      next: MODEL_VERSION,
    })
  })
})

describe('lvsm coordinators', () => {
  it('says who leads, who follows and who is silent', async () => {
    const { run } = startCoordinator()
    const [text, json] = await Promise.all([run(['coordinators']), run(['coordinators', '-o', 'json'])])
    expect(text.out).toContain('dir1 leads, term 7, revision 1, committed 40, applied 40\n')
    expect(text.out).toMatch(/ 1 +dir1 \(answers\) +leader +41 /)
    expect(text.out).toMatch(/ 2 +dir2 +voter +41 +replicate +20 ms ago\n/)
    expect(text.out).toMatch(/ 9 +\? +learner +0 +probe +65000 ms ago, silent\n/)
    expect(text.out).toMatch(/\n9 is silent for 65 s: start lvsm-coordinator there; .*: lvsm coordinators remove 9\n/)
    expect(JSON.parse(json.out)).toMatchObject({ leader: 1, members: [{ id: 1 }, { id: 2 }, { id: 9, name: null }] })
  })
})
