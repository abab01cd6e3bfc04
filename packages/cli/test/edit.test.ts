import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { marked, withoutMarks } from '../src/config/edit.ts'
import { documentReply } from '../../../coordinator/api/answers.ts'
import { cleanUp, lvsm, scratchPath, startAgent } from './agent.ts'
import { program } from '../../../test/kit/programs.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

/** An editor that does one line of shell to the file `$1` each time that it is opened: the last one again and again. */
function editor(...runs: readonly string[]): { VISUAL: string } {
  const count = scratchPath('count')
  const script = scratchPath('editor')
  const cases = runs.map((run, at) => `${at === runs.length - 1 ? '*' : at}) ${run} ;;`).join('\n')
  writeFileSync(
    script,
    `#!/bin/sh\nn=$(cat ${count} 2>/dev/null || echo 0); echo $((n+1)) > ${count}\ncase $n in\n${cases}\nesac\n`,
  )
  chmodSync(script, 0o700)
  return { VISUAL: script }
}
const keptFile = (err: string): string => /the text is in (\S+)/.exec(err)?.[1] ?? ''

describe('lvsm config edit', () => {
  it('makes what was saved the document', async () => {
    const { run, weight } = startCoordinator()
    const done = await run(
      ['config', 'edit', '-m', 'by hand'],
      editor(`sed -i '/node: rs1, a/s/weight: 1/weight: 8/' "$1"`),
    )
    expect(done).toMatchObject({ code: 0, err: '' })
    expect(done.out).toMatch(/^~ service http, server rs1: weight 1 → 8\n[^]*revision 2\n$/)
    expect(weight('rs1')).toBe(8)
  })

  it('opens no editor for whoever may not make the change', async () => {
    const reached = await new MemoryConfiguration().read()
    if (reached.kind !== 'state') throw new Error('no state')
    const document = documentReply(reached.state, { yaml: true, stale: false }).body
    const refusals = [{ code: 'not-allowed', message: 'text is read for administrators, who may make the change' }]
    const { socketPath } = await startAgent(({ path }) =>
      path.startsWith('/v1/config/preview') ? { code: 403, body: { refusals } } : { body: document },
    )
    const opened = scratchPath('opened')
    const { code, err } = await lvsm(['--coordinator-socket', socketPath, 'config', 'edit'], editor(`touch ${opened}`))
    expect(code).not.toBe(0)
    expect(err).toMatch(/text is read for administrators/)
    expect(existsSync(opened)).toBe(false)
  })

  it('does nothing where nothing was changed, and takes an editor with arguments', async () => {
    const { run, revisions } = startCoordinator()
    expect(await run(['config', 'edit'], { EDITOR: 'test -s' })).toEqual({
      code: 0,
      out: 'nothing was changed\n',
      err: '',
    })
    expect(revisions()).toEqual([1])
  })

  it('opens what was refused again, with the errors at their place, until it is right', async () => {
    const { run, weight } = startCoordinator()
    const seen = scratchPath('seen')
    const bad = `sed -i '/node: rs1, a/s/weight: 1/weight: -8/' "$1"`
    const good = `cp "$1" ${seen}; sed -i 's/weight: -8/weight: 8/' "$1"`
    const { code } = await run(['config', 'edit'], editor(bad, good))
    const lines = readFileSync(seen, 'utf8').split('\n')
    const at = lines.findIndex((line) => line.includes('dr, weight: -8'))
    expect(lines[0]).toMatch(/^#! Refused\./)
    expect(lines.slice(at - 2, at).join('\n')).toMatch(/^#! .*weight/m)
    expect([code, weight('rs1')]).toEqual([0, 8])
  })

  it('keeps the text when it is given up, and says where', async () => {
    const { run, revisions } = startCoordinator()
    const bad = `sed -i '/node: rs1, a/s/weight: 1/weight: -8/' "$1"`
    const given = await run(['config', 'edit'], editor(bad, 'true'))
    const kept = keptFile(given.err)
    expect(given.code).toBe(1)
    expect(readFileSync(kept, 'utf8')).toContain('weight: -8')
    expect(readFileSync(kept, 'utf8')).not.toContain('#!')
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    expect(given.err).toContain(`go on with: lvsm config apply ${kept}`)
    // An editor that changes what is wrong nowhere but in the words of this command.
    const blind = await run(['config', 'edit'], editor(bad, 'sed -i "/^#!/s/$/ /" "$1"'))
    expect(blind.code).toBe(1)
    const broken = await run(['config', 'edit'], { VISUAL: 'false' })
    expect([broken.code, existsSync(keptFile(broken.err))]).toEqual([1, true])
    expect(revisions()).toEqual([1])
  })

  it('keeps it also where somebody else was faster, with what changed since', async () => {
    const { run, socketPath, weight } = startCoordinator()
    const other = `LVSM_COORDINATOR_SOCKET=${socketPath} ${process.execPath} ${program('lvsm')} server set rs2 service=http weight=4`
    const mine = `sed -i '/node: rs1, a/s/weight: 1/weight: 8/' "$1"`
    const { code, err } = await run(['config', 'edit'], editor(`${other}; ${mine}`))
    expect(code).toBe(1)
    expect(err).toContain('~ service http, server rs2: weight 1 → 4')
    expect(readFileSync(keptFile(err), 'utf8')).toContain('weight: 8')
    expect([weight('rs1'), weight('rs2')]).toEqual([1, 4])
  })

  it.each([{}, { EDITOR: '/usr/bin/vim -n' }, { VISUAL: 'nano' }, { VISUAL: '', EDITOR: 'emacs -nw' }])(
    'opens no editor that waits for keys where there is no terminal: %j',
    async (environment) => {
      const { run, revisions } = startCoordinator()
      const { code, out, err } = await run(['config', 'edit'], { VISUAL: '', EDITOR: '', ...environment })
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(
        /^lvsm: there is no terminal for the editor \(.+\); nothing was changed\n.*config export FILE/,
      )
      expect(revisions()).toEqual([1])
    },
  )

  it('takes out all that it put in', () => {
    const yaml = 'a: 1\nb: 2\n'
    const refusals = [
      { code: 'x', line: 2, message: 'one', hint: 'two' },
      { code: 'y', message: 'three' },
      { code: 'z', line: 99, message: 'four' },
    ]
    const text = marked(yaml, refusals)
    expect(text.split('\n').slice(1)).toEqual(['#! three', 'a: 1', '#! one', '#!   → two', 'b: 2', '#! four', ''])
    expect(withoutMarks(text)).toBe(yaml)
  })
})

/** The command on a terminal of its own (`script` of util-linux), with what somebody types. */
const onTerminal = (
  args: readonly string[],
  socketPath: string,
  typed: string,
): Promise<{ code: number | null; screen: string }> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, program('lvsm'), ...args].map((word) => `'${word}'`).join(' ')
    const env = { PATH: process.env['PATH'], LVSM_COORDINATOR_SOCKET: socketPath, NO_COLOR: '1' }
    const child = spawn('script', ['-qefc', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    let screen = ''
    let answered = false
    child.stdout.on('data', (chunk) => {
      screen += chunk
      if (answered || !screen.includes('[y/N]')) return
      answered = true
      child.stdin.write(typed)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      child.stdin.end()
      resolve({ code, screen })
    })
  })

describe('on a terminal', () => {
  const set = ['server', 'set', 'rs1', 'service=http', 'weight=5']
  it('shows the difference and asks, and changes nothing without a yes', async () => {
    const { socketPath, revisions, weight } = startCoordinator()
    const no = await onTerminal(set, socketPath, '\r')
    expect(no.code).toBe(1)
    expect(no.screen).toMatch(
      /on revision 1:\r\n~ service http, server rs1: weight 1 → 5\r\n[^]*dir1\r\n[^]*not confirmed/,
    )
    expect(revisions()).toEqual([1])
    const end = await onTerminal(set, socketPath, '\u0004')
    expect([end.code, revisions()]).toEqual([1, [1]])
    const yes = await onTerminal(set, socketPath, 'y\r')
    expect([yes.code, weight('rs1')]).toEqual([0, 5])
    expect(yes.screen).toMatch(/revision 2\r\n$/)
  })
  it('does not ask with --yes, nor where nothing would change', async () => {
    const { socketPath, weight } = startCoordinator()
    const yes = await onTerminal([...set, '--yes'], socketPath, '')
    const again = await onTerminal(set, socketPath, '')
    expect([yes.code, again.code, weight('rs1')]).toEqual([0, 0, 5])
    expect(yes.screen + again.screen).not.toContain('[y/N]')
  })
  it('takes no coordinator out, and agrees on no version, without a yes', async () => {
    const { socketPath, configuration } = startCoordinator(new MemoryConfiguration(undefined, 0))
    const remove = ['coordinators', 'remove', 'dir2']
    const finalize = ['cluster', 'finalize']
    for (const args of [remove, finalize]) {
      const { code, screen } = await onTerminal(args, socketPath, '\r')
      expect([code, screen]).toEqual([1, expect.stringMatching(/not confirmed/)])
    }
    expect([configuration.removed, configuration.log]).toEqual([[], []])
    for (const args of [remove, finalize]) expect((await onTerminal(args, socketPath, 'y\r')).code).toBe(0)
    expect([configuration.removed, configuration.log]).toMatchObject([[2], [{ kind: 'finalize' }]])
  })
})
