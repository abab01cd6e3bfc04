/** A node becomes a coordinator later, and a machine leaves: what it had of a cluster is moved away, and never removed. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHome, encodeNodeIdentity } from '@lvsm/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration, SAMPLE_DOCUMENT } from '../../../test/kit/configuration.ts'
import { cleanUp, lvsm } from './agent.ts'
import { closeCoordinators, startCoordinator, type TestCoordinator } from './coordinator.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-leaving-'))
  for (const name of ['bin', 'etc', 'state', 'coordinator']) mkdirSync(join(home, name))
  writeFileSync(at('bin', 'lvsm-coordinator'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${at('words')}\n`)
  chmodSync(at('bin', 'lvsm-coordinator'), 0o755)
})
afterEach(() => {
  closeCoordinators()
  cleanUp()
  rmSync(home, { recursive: true, force: true })
})
const at = (...names: string[]): string => join(home, ...names)
const run = (words: readonly string[], coordinator?: TestCoordinator, more: Readonly<Record<string, string>> = {}) => {
  const places = ['--etc', at('etc'), '--state-dir', at('state'), '--coordinator-state-dir', at('coordinator')]
  return lvsm([...words, ...places, '--coordinator-run-dir', at('run')], {
    PATH: `${at('bin')}:${process.env['PATH']}`,
    LVSM_COORDINATOR_SOCKET: coordinator?.socketPath ?? at('none.sock'),
    LVSM_SOCKET: at('no-agent.sock'),
    ...more,
  })
}
const isNode = (node: string): void =>
  writeFileSync(
    at('state', 'node.json'),
    encodeNodeIdentity({ cluster: 'lab', node, certificate: 'c', privateKey: 'p', authority: 'a', coordinators: [] }),
  )
const JOIN = ['coordinators', 'join', '--no-start']

describe('lvsm coordinators join', () => {
  it('makes a director one, at the address of its first link', async () => {
    isNode('dir2')
    expect(await run(JOIN, startCoordinator())).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /dir2 is one of the coordinators\nnext: start lvsm-coordinator here \(systemd does not run on it\)\n$/,
      ),
    })
    expect(readFileSync(at('words'), 'utf8').trim().split('\n')).toEqual([
      ...['--join', '--identity', at('state', 'node.json'), '--listen', '10.12.0.2:7446', '--api', '10.12.0.2:7445'],
      ...['--state-dir', at('coordinator'), '--run-dir', at('run')],
    ])
  })
  it('says which command names a realserver, and what comes before where the machine is no node', async () => {
    isNode('rs1')
    expect(await run(JOIN, startCoordinator())).toMatchObject({
      code: 1,
      err: expect.stringMatching(/rs1 is to be no coordinator[^]*→ lvsm node set rs1 coordinator=true/),
    })
    rmSync(at('state', 'node.json'))
    expect((await run(JOIN, startCoordinator())).err).toMatch(/no node of a cluster[^]*→ .*lvsm join TOKEN/)
    expect(existsSync(at('words'))).toBe(false)
  })
  it('touches no database that is there, unless it is told that this one is of no use any more', async () => {
    isNode('dir2')
    writeFileSync(at('coordinator', 'coordinator.db'), 'old')
    writeFileSync(at('coordinator', 'authority.key'), 'old key')
    // Another one answers, over the agent.
    const passing = { LVSM_SOCKET: startCoordinator().socketPath }
    const { code, err } = await run(JOIN, undefined, passing)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/was here before[^]*join --anew/) })
    expect(readFileSync(at('coordinator', 'coordinator.db'), 'utf8')).toBe('old')
    // The one that answers is the removed one itself.
    const coordinator = startCoordinator()
    expect((await run([...JOIN, '--anew'], coordinator)).err).toMatch(/a coordinator runs on this machine/)
    expect(existsSync(at('words'))).toBe(false)
    expect((await run([...JOIN, '--anew'], undefined, passing)).out).toMatch(/^what was there is in .*left-/)
    expect([existsSync(at('words')), existsSync(at('coordinator', 'coordinator.db'))]).toEqual([true, false])
  })
})

describe('lvsm coordinators address', () => {
  const MOVE = ['coordinators', 'address', '--no-start', '--yes']
  const isCoordinator = (listen: string, api: string): void =>
    writeFileSync(
      at('coordinator', 'coordinator.json'),
      encodeHome({
        ...{ cluster: 'lab', id: 2, node: 'dir2', seeds: [] },
        listen: [{ host: listen, port: 7446 }],
        api: [{ host: api, port: 7445 }],
      }),
    )
  const told = (): string[] => readFileSync(at('words'), 'utf8').trim().split('\n')
  it('takes where people reach it along, and tries before whether it can listen there', async () => {
    isCoordinator('10.12.0.2', '10.12.0.2')
    const absent = await run([...MOVE, '192.0.2.77'], startCoordinator())
    expect(absent).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no network of this machine has .*192\.0\.2\.77/),
    })
    expect(existsSync(at('words'))).toBe(false)
    expect(await run([...MOVE, '127.0.0.9'], startCoordinator())).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /next: start lvsm-coordinator here \(systemd does not run on it\)\n.*elsewhere now: for nodes 127\.0\.0\.9:7446, for people 127\.0\.0\.9:7445\n/,
      ),
    })
    const places = ['--state-dir', at('coordinator'), '--run-dir', at('run')]
    expect(told()).toEqual(['--move', '--listen', '127.0.0.9:7446', '--api', '127.0.0.9:7445', ...places])
    await run([...MOVE, '--no-probe', '10.13.0.2:80', '10.12.0.2', '--api', '10.14.0.2'], startCoordinator())
    expect(told().slice(0, 7)).toEqual([
      '--move',
      '--listen',
      '10.13.0.2:80',
      '--listen',
      '10.12.0.2:7446',
      '--api',
      '10.14.0.2:7445',
    ])
  })
  it('changes nothing where nothing differs, where no coordinator is, and where nobody would find it any more', async () => {
    expect((await run([...MOVE, '10.13.0.2'])).err).toMatch(
      /no coordinator is on this machine[^]*→ lvsm coordinators says/,
    )
    isCoordinator('10.12.0.2', '10.14.0.2')
    expect((await run([...MOVE, '10.12.0.2'])).out).toMatch(/^nothing to do: dir2 is there already/)
    expect((await run([...MOVE, 'x y'])).err).toMatch(/ADDRESS x y is no address[^]*→ write 10\.12\.0\.1:7446/)
    const alone = startCoordinator()
    const { raft, members } = alone.configuration.status()
    const [self] = raft.membership.members
    const membership = { members: self ? [self] : [] }
    alone.configuration.status = () => ({ members, raft: { ...raft, membership } })
    const move = [...MOVE, '--no-probe', '10.13.0.2']
    expect((await run(move, alone)).err).toMatch(
      /it is the only coordinator[^]*→ .*address 10\.13\.0\.2:7446 10\.12\.0\.2:7446/,
    )
    expect((await run(move)).err).toMatch(/no coordinator answers here/)
    expect(existsSync(at('words'))).toBe(false)
    // People reach it on a network that stays.
    expect((await run([...move, '--force'])).code).toBe(0)
    expect(told().slice(3, 5)).toEqual(['--api', '10.14.0.2:7445'])
    expect((await run([...MOVE, '--no-probe', '10.13.0.2', '10.12.0.2'], alone)).code).toBe(0)
  })
})

describe('lvsm coordinators secrets', () => {
  const SECRETS = ['coordinators', 'secrets']
  it('gives what stands in the files that the configuration names, and says what is nowhere here', async () => {
    const given: unknown[] = []
    const configuration = new MemoryConfiguration(SAMPLE_DOCUMENT.replace('/etc/lvsm/key', at('etc', 'key')))
    const coordinator = startCoordinator(configuration, (keys) => {
      given.push(keys)
      const missing = keys.length > 0 ? [] : [{ id: 1, file: at('etc', 'key') }]
      return { outcome: 'done', taken: keys.map(({ id }) => id), missing }
    })
    expect(await run(SECRETS, coordinator)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/it lacks key 1, .*no such file is here\n {2}→ copy it here/),
    })
    writeFileSync(at('etc', 'key'), `${'AB'.repeat(32)}\n`)
    expect(await run(SECRETS, coordinator)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/has key 1 for machines that join/),
    })
    expect(given).toEqual([[], [{ id: 1, file: at('etc', 'key'), digits: 'ab'.repeat(32) }]])
    expect((await run(SECRETS)).err).toMatch(/cannot reach a coordinator/)
  })
  it('tells why the coordinator does not take it', async () => {
    const refusal = { code: 'no-key', message: 'that is no secret', hint: 'make one' }
    const coordinator = startCoordinator(undefined, () => ({ refusals: [refusal] }))
    expect(await run(SECRETS, coordinator)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/that is no secret[^]*make one/),
    })
  })
})

describe('lvsm leave', () => {
  const LEAVE = ['leave', '--yes', '--no-stop']
  it('says in which order a node is taken out that is in yet, and touches nothing', async () => {
    isNode('dir1')
    const coordinator = startCoordinator()
    coordinator.configuration.enrol('dir1', 'rs1')
    expect(await run(LEAVE, coordinator)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /dir1 is in the cluster; nothing was changed\n {2}→ lvsm node set dir1 voter=false\n {2}→ lvsm coordinators remove dir1\n {2}→ lvsm node remove dir1\n/,
      ),
    })
    coordinator.configuration.enrol('dir1')
    expect((await run(LEAVE, coordinator)).err).toMatch(/the only node, and the cluster ends with it/)
    expect((await run(LEAVE)).err).toMatch(/no coordinator says whether dir1 is in[^]*lvsm leave --force/)
    expect(existsSync(at('state', 'node.json'))).toBe(true)
  })
  it('moves away what is there, and what a beginning left half-way, so that another begins', async () => {
    isNode('dir1')
    writeFileSync(at('state', 'lease.state'), 'x')
    writeFileSync(at('coordinator', 'authority.key'), 'secret')
    writeFileSync(at('etc', 'heartbeat.key'), 'digits')
    writeFileSync(at('etc', 'lvsm.yaml'), 'of an operator')
    const { code, out } = await run([...LEAVE, '--force'])
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/in no cluster any more[^]*lvsm init/) })
    const moved = (name: string): string[] => {
      const [aside = '', ...more] = readdirSync(at(name)).filter((one) => one.startsWith('left-'))
      expect(more).toEqual([])
      return readdirSync(at(name, aside)).toSorted()
    }
    expect([moved('state'), moved('coordinator'), moved('etc')]).toEqual([
      ['lease.state', 'node.json'],
      ['authority.key'],
      ['heartbeat.key'],
    ])
    expect(readFileSync(at('etc', 'lvsm.yaml'), 'utf8')).toBe('of an operator')
    expect(await run([...LEAVE, '--force'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nothing of a cluster/),
    })
  })
  it('has the agent take back what is in the kernel, while what that remembers is there', async () => {
    isNode('dir1')
    const agent = (script: string): void => {
      writeFileSync(at('bin', 'lvsm-agent'), `#!/bin/sh\nprintf '%s ' "$@" > ${at('words')}\n${script}\n`)
      chmodSync(at('bin', 'lvsm-agent'), 0o755)
    }
    agent(`test -e ${at('state', 'node.json')}`)
    const { code, out, err } = await run([...LEAVE, '--force'])
    expect({ code, out, err }).toEqual({
      code: 0,
      out: expect.stringContaining('its kernel is as it was before'),
      err: '',
    })
    expect(readFileSync(at('words'), 'utf8')).toBe(`--give-back --state-dir ${at('state')} `)
    isNode('dir1')
    agent('echo "cannot remove 10.11.0.10/32 on lo: EPERM"; echo "  → mend it"; exit 75')
    const second = await run([...LEAVE, '--force'])
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('gone with the next boot') })
    expect(second.err).toMatch(/^warning: not all .*cannot remove 10\.11\.0\.10\/32 on lo: EPERM\n {2}→ mend it/)
  })
  it('moves nothing away from under what runs', async () => {
    isNode('dir1')
    const { code, err } = await run([...LEAVE, '--force'], startCoordinator())
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/somebody answers at .* yet\n {2}→ stop /) })
    expect(existsSync(at('state', 'node.json'))).toBe(true)
  })
})
