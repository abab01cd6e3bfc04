import { NOUNS } from '@lvsm/changes'
import { keysOfNoun } from '@lvsm/model'
import { type Noun, NOUN_NAMES } from '@lvsm/protocol'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isHostName, resolver } from '../src/config/names.ts'
import { keysHelp, placeWords, readWords } from '../src/config/values.ts'
import { cleanUp, lvsm, scratchPath } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

describe('lvsm NOUN', () => {
  it('lists what there is, all of it or what is in one place', async () => {
    const { runHere: run } = startCoordinator()
    const [nodes, servers, vips, json, links] = await Promise.all([
      run(['node', 'list']),
      run(['server', 'list']),
      run(['vip', 'list']),
      run(['server', 'list', 'service=http', '-o', 'json']),
      run(['link', 'list', 'node=rs3']),
    ])
    expect(nodes.out).toMatch(/node +roles +voter +links\n +dir1 +director +true +inside,outside\n/)
    expect(servers.out).toMatch(/service +server +address[^]*http +rs3 +10\.12\.0\.13 +nat/)
    expect(vips.out).toMatch(/group +vip +address\n +web +10\.11\.0\.10 +10\.11\.0\.10\/24\n/)
    expect(JSON.parse(json.out)).toHaveLength(3)
    expect(links.out).toMatch(/rs3 +inside +10\.12\.0\.13\n$/)
  })

  it('shows one, or says which there are', async () => {
    const { runHere: run } = startCoordinator()
    const [one, none, check] = await Promise.all([
      run(['server', 'show', 'rs3', 'service=http']),
      run(['group', 'show', 'wbe']),
      run(['check', 'show', 'http', '-o', 'json']),
    ])
    expect(parse(one.out)).toMatchObject({ service: 'http', server: 'rs3', forward: 'nat', port: 8080 })
    expect([none.code, none.err]).toEqual([1, 'lvsm: there is no group "wbe" here\n  → there are: web\n'])
    expect(JSON.parse(check.out)).toMatchObject({ service: 'http', type: 'tcp', interval: '500ms' })
  })

  it('shows what holds by default, marked, where nothing was said', async () => {
    const { runHere: run, configuration } = startCoordinator()
    await run(['timing', 'remove', '--yes', '--no-wait'])
    expect((await run(['timing', 'show'])).out).toMatch(/^keepalive: 200ms # by default\nlease: 1s # by default\n/)
    await run(['timing', 'set', 'lease=1500ms', '--yes', '--no-wait'])
    const [text, json] = await Promise.all([run(['timing', 'show']), run(['timing', 'show', '-o', 'json'])])
    expect(text.out).toMatch(/^lease: 1500ms\nkeepalive: 200ms # by default\n/)
    expect(JSON.parse(json.out)).toMatchObject({ lease: '1500ms', defaults: { keepalive: '200ms', drain: '200ms' } })
    await run(['timing', 'remove', '--yes', '--no-wait'])
    await run(['cluster', 'set', 'profile=wan', '--yes', '--no-wait'])
    expect((await run(['timing', 'show'])).out).toContain('keepalive: 1s # by default')
    expect((await run(['cluster', 'show'])).out).toMatch(/profile: wan[^]*kept-revisions: 1000 # by default/)
    await run(['check', 'remove', 'http', '--yes', '--no-wait'])
    expect((await run(['check', 'show', 'http'])).out).toMatch(/type: tcp # by default\ninterval: 1s # by default/)
    expect((await run(['check', 'show', 'htpp'])).err).toContain('there is no check "htpp" here')
    expect(configuration.log.length).toBeGreaterThan(3)
  })

  it('takes what the README says of a first service', async () => {
    const { runHere: run, configuration } = startCoordinator()
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
    const lines = readme
      .split('\n')
      .filter((line) => /^lvsm (group|service|server|check) (add|set) shop|shop-web/.test(line))
    expect(lines).toHaveLength(4)
    for (const line of lines) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
      const { code, err } = await run([...words.slice(1), '--yes', '--no-wait'])
      expect([line, code, err]).toEqual([line, 0, expect.anything()])
    }
    expect(JSON.stringify(configuration.log)).toContain('10.11.0.50')
  })

  it('adds, sets and removes of each kind', async () => {
    const { runHere: run, configuration } = startCoordinator()
    const steps = [
      [
        'node',
        'add',
        'rs4',
        'roles=realserver',
        'links=[{name: outside, address: 10.11.0.14}, {name: inside, address: 10.12.0.14}]',
      ],
      ['link', 'set', 'inside', 'node=rs4', 'port=6941'],
      ['vip', 'add', '10.11.0.20/24', 'group=web'],
      ['pool', 'add', 'telnets', 'realservers=[{node: rs1, address: 10.11.0.11, forward: dr}]'],
      ['server', 'add', 'rs4', 'pool=telnets', 'address=10.11.0.14', 'forward=dr'],
      [
        'service',
        'add',
        'telnet',
        'group=web',
        'address=10.11.0.20',
        'port=telnet',
        'protocol=tcp',
        'scheduler=sh',
        'scheduler-flags=sh-port,sh-fallback',
        'pool=telnets',
      ],
      ['override', 'add', 'rs1', 'service=telnet', 'weight=3'],
      ['check', 'set', 'telnet', 'type=tcp', 'interval=2s', 'keep-last=yes'],
      ['group', 'set', 'web', 'ping='],
      ['timing', 'set', 'drain=300ms'],
      ['key', 'add', '2', 'file=/etc/lvsm/key2'],
      ['cluster', 'set', 'profile=default'],
      ['service', 'remove', 'telnet'],
      ['pool', 'remove', 'telnets'],
      ['node', 'remove', 'rs4'],
    ]
    for (const step of steps) {
      const { code, err } = await run(step)
      expect([step.join(' '), code, err.replace(/^port telnet is 23 .*\n/, '')]).toEqual([step.join(' '), 0, ''])
    }
    const { revisions } = configuration.known()?.history ?? { revisions: [] }
    expect(revisions).toHaveLength(1 + steps.length)
    const added = revisions[6]?.change[0]?.to
    expect(added).toMatchObject({ port: 23, 'scheduler-flags': ['sh-fallback', 'sh-port'] })
  })

  it('leaves it to the cluster what makes sense, with its hint, and refuses what is no command here', async () => {
    const { runHere: run, revisions } = startCoordinator()
    const refused = await run(['server', 'set', 'rs1', 'service=http', 'wieght=5'])
    expect([refused.code, refused.err.includes('weight')]).toEqual([1, true])
    const wrong = await Promise.all([
      run(['server', 'set', 'rs1', 'service=http']),
      run(['server', 'set', 'rs1', 'service=http', 'weight']),
      run(['server', 'set', 'rs1', 'weight=1', 'weight=2']),
      run(['server', 'remove', 'rs1', 'service=http', 'weight=1']),
      run(['server', 'list', 'weight=1']),
      run(['service', 'set', 'http', 'port=no-such-service']),
      run(['service', 'set', 'http', 'realservers=[{']),
      run(['timing', 'add']),
      run(['config', 'rollback', 'two']),
      run(['drain', 'rs1', '--for', 'ever']),
    ])
    expect(wrong.map(({ code }) => code)).toEqual(wrong.map(() => 2))
    expect((await run(['server', 'set', 'rs1', 'weight=1'])).err).toBe(
      'lvsm: which: it is not said which service or pool\n  → name the service or pool\n',
    )
    expect(revisions()).toEqual([1])
  })

  it('says of a check what it asks for, key by key, and which way out there is', async () => {
    const { runHere: run, configuration } = startCoordinator()
    const set = (...words: string[]) => run(['check', 'set', 'http', ...words])
    const refused = await set('type=https', 'path=/up')
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/add host=NAME.*verify=false/)])
    const said = await set(
      'type=https',
      'host=web.example',
      'path=/up',
      'status=200-299,301',
      'headers=["X-A: 1, 2"]',
      'min-version=1.3',
    )
    expect([said.code, said.err]).toEqual([0, ''])
    const { revisions } = configuration.known()?.history ?? { revisions: [] }
    const wanted = { type: 'https', path: '/up', status: ['200-299', 301], headers: ['X-A: 1, 2'], 'min-version': 1.3 }
    expect(JSON.stringify(revisions.at(-1)?.change)).toContain(JSON.stringify(wanted.status))
    const shown = await run(['check', 'show', 'http', '-o', 'json'])
    expect(JSON.parse(shown.out)).toMatchObject(wanted)
    const back = await set('type=tcp', '--dry-run')
    expect([back.code, back.err]).toEqual([1, expect.stringMatching(/belongs to a check of another type than tcp/)])
    expect((await set('type=tcp', 'path=', 'status=', 'headers=', 'min-version=', 'host=', '--dry-run')).out).toContain(
      'path',
    )
  })

  it('has every key of the schema in its help, and no other', async () => {
    for (const noun of NOUN_NAMES) {
      const listed = [...keysHelp(noun).matchAll(/^ {2}(\S+)/gm)].map(([, key]) => key)
      const keys = keysOfNoun(noun).map(({ key }) => key)
      const settable = keys.filter((key) => !NOUNS[noun].fixed.includes(key))
      expect([noun, listed]).toEqual([noun, [...placeWords(noun), ...settable]])
    }
    expect((await lvsm(['service', 'set', '--help'])).out).toMatch(/scheduler +rr, wrr, lc,.*\(required\)/)
  })

  it('resolves the name of a new address, too', async () => {
    const { runHere: run } = startCoordinator()
    const { err } = await run(['vip', 'add', 'localhost/24', 'group=web'])
    expect(err).toContain('localhost is 127.0.0.1 (DNS)')
  })
})

describe('names in place of numbers', () => {
  const services = (): string => {
    const path = scratchPath('services')
    writeFileSync(path, '# the usual\nhttp 80/tcp www # WorldWideWeb\nntp\t123/udp\n')
    return path
  }
  const words = async (
    said: readonly string[],
    addresses: readonly string[] = ['10.0.0.7'],
    noun: Noun = 'service',
  ) => {
    const told: string[] = []
    const find = async (): Promise<string[]> => [...addresses]
    const resolve = resolver((text) => told.push(text), services(), find)
    const { values } = await readWords(noun, 'http', said, resolve)
    return { values, told }
  }

  it('are resolved once, and told', async () => {
    const { values, told } = await words(['port=www', 'address=web.example.com'])
    expect(values).toEqual({ port: 80, address: '10.0.0.7' })
    expect(told).toEqual([expect.stringMatching(/^port www is 80 \(/), 'web.example.com is 10.0.0.7 (DNS)\n'])
  })

  it('of a server, whose service is not known yet, are of any protocol', async () => {
    expect((await words(['port=ntp'], [], 'server')).values).toEqual({ port: 123 })
    expect((await words(['port=http'], [], 'server')).values).toEqual({ port: 80 })
  })

  it('are refused where they mean nothing, or several things', async () => {
    await expect(words(['port=ntp'])).rejects.toMatchObject({
      message: expect.stringContaining('no such service over tcp'),
      hint: expect.stringContaining('protocol=udp, over which it is one'),
    })
    await expect(words(['port=ntq'], [], 'server')).rejects.toThrow(/no such service$/)
    await expect(words(['address=web'], ['10.0.0.7', '10.0.0.8'])).rejects.toThrow('several addresses')
    await expect(words(['address=web'], [])).rejects.toThrow('it has no address')
  })

  it('are no numbers in disguise, which a resolver would take for other addresses than they look like', () => {
    for (const text of ['10.0.0.1', '010.0.0.1', '0x7f.1', '0x7f000001', '10.0.0.1/24', '::1', 'fe80::1', '', '1'])
      expect([text, isHostName(text)]).toEqual([text, false])
    for (const text of ['web', 'rs1.example.com', 'rs1/24', '10.example.org.']) expect(isHostName(text)).toBe(true)
  })
})

it('a flag is yes or no; what is neither goes to the cluster as it was said', async () => {
  const { values } = await readWords(
    'node',
    'rs1',
    ['voter=Off', 'coordinator=constructor'],
    resolver(() => undefined),
  )
  expect(values).toEqual({ voter: false, coordinator: 'constructor' })
})

describe('what is wanted for a while', () => {
  it('drains, stops and enables servers, everywhere or in one service', async () => {
    const { runHere: run, configuration } = startCoordinator()
    const drained = await run(['drain', 'rs1', '--for', '2h', '-m', 'new disk'])
    expect([drained.code, drained.out]).toEqual([0, '+ server rs1: drain until 2023-11-15T00:13:20.000Z (new disk)\n'])
    const stopped = await run(['stop', 'rs2', '--service', 'http', '--deadline', '10m'])
    expect(stopped.out).toBe('+ server rs2 of service http: stop, connections cut off at 2023-11-14T22:23:20.000Z\n')
    expect((await run(['drain', 'rs2', '--deadline', '2h', '--for', '1h'])).err).toMatch(/deadlineMs: .*--deadline/s)
    const shown = await run(['intents'])
    expect(shown.out).toMatch(
      /server rs1 +drain +\S+ .*2023-11-15T00:13:20\.000Z +new disk\n[^]*server rs2 of service http +stop, connections cut off at 2023-11-14T22:23:20\.000Z/,
    )
    const list = await run(['server', 'list', 'service=http'])
    expect(list.out).toMatch(/ out *\n[^]* rs1 [^]*draining, not known how many are established *\n/)
    expect(list.out).toMatch(/ rs2 .* stopping, not known .*, connections cut off at 2023-11-14T22:23:20\.000Z *\n/)
    const last = await run(['drain', 'rs3'])
    expect(last.code).toBe(1)
    expect(last.err).toMatch(/services\.http: service "http" would have no realserver left[^]*--force/)
    const forced = await run(['drain', 'rs3', '--force', '--dry-run'])
    expect(forced.out).toContain('service "http" has no realserver left')
    expect(configuration.known()?.facts.list).toHaveLength(2)
    expect((await run(['enable', 'rs1'])).out).toMatch(/^- server rs1: drain/)
    expect((await run(['enable', 'rs1'])).out).toBe('it is so already\n')
    expect((await run(['drain', 'rs9'])).code).toBe(1)
  })

  it('takes out the last realserver, or the last director, with --force alone', async () => {
    const { runHere: run, configuration } = startCoordinator()
    const args = (verb: string, name: string, ...more: string[]) =>
      run(['server', verb, name, 'service=http', ...more, '--yes', '--no-wait'])
    for (const name of ['rs1', 'rs2']) expect((await args('set', name, 'weight=0')).code).toBe(0)
    for (const refused of [
      await args('set', 'rs3', 'weight=0'),
      await args('remove', 'rs3'),
      await args('set', 'rs3', 'weight=0', '--dry-run'),
    ])
      expect([refused.code, refused.err]).toEqual([
        1,
        expect.stringMatching(/would have no realserver left[^]*--force/),
      ])
    expect(await args('remove', 'rs3', '--force')).toMatchObject({ code: 0, err: '' })
    await run(['node', 'standby', 'dir1'])
    expect(await run(['node', 'standby', 'dir2'])).toMatchObject({ code: 1, err: expect.stringMatching(/--force/) })
    expect((await run(['node', 'standby', 'dir2', '--force'])).code).toBe(0)
    expect(JSON.stringify(configuration.log).match(/"force":true/g)).toHaveLength(2)
  })

  it('stops groups, and puts directors under maintenance, apart from the configuration', async () => {
    const { runHere: run, revisions } = startCoordinator()
    expect((await run(['group', 'stop', 'web', '--for', '30m'])).out).toMatch(/^\+ group web: stop until/)
    expect((await run(['node', 'standby', 'dir1', '-o', 'json'])).out).toContain('"intent": "standby"')
    expect((await run(['node', 'standby', 'rs1'])).code).toBe(1)
    expect((await run(['node', 'enable', 'dir1'])).code).toBe(0)
    const again = await run(['node', 'enable', 'dir1'])
    expect(again).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^node dir1 is no longer under maintenance, also where /),
    })
    expect((await run(['group', 'enable', 'web'])).code).toBe(0)
    expect((await run(['intents'])).out).toBe('Nothing is drained, stopped, silenced or under maintenance.\n')
    expect(revisions()).toEqual([1])
  })
})
