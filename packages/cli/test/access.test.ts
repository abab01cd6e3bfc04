import { writeFileSync } from 'node:fs'
import { EventEmitter } from 'node:events'
import { decodeToken } from '@lvsm/trust'
import { afterEach, describe, expect, it } from 'vitest'
import { readPassword } from '../src/password.ts'
import { cleanUp, scratchPath } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

describe('lvsm token', () => {
  it('prints the one command to run on the new machine, and lists and revokes', async () => {
    const { runHere } = startCoordinator()
    const made = await runHere(['token', 'create'])
    expect(made).toMatchObject({ code: 0, err: '' })
    const [, text = ''] =
      /^until 2023-11-14T23:13:20\.000Z, as root on the new machine:\n\n {2}lvsm join (\S+)\n$/.exec(made.out) ?? []
    const { id } = decodeToken(text) ?? {}
    expect(id).toMatch(/^[0-9a-f]{8}$/)
    expect((await runHere(['token', 'list'])).out).toMatch(new RegExp(`^ +id .*\\n +${id} +over +0 of 1 .* - +- +\\S`))
    expect(await runHere(['token', 'revoke', `${id}`])).toMatchObject({
      code: 0,
      out: `token ${id} lets nobody in any more\n`,
    })
    expect((await runHere(['token', 'list'])).out).toMatch(/ revoked /)
    expect((await runHere(['token', 'revoke', '00000000'])).err).toMatch(/no token 00000000[^]*lvsm token list/)
  })
  it.each([
    [['token', 'revoke', 'nosuch'], 'a token', 'lvsm token list'],
    [['api-token', 'remove', 'nosuch'], 'an API token', 'lvsm api-token list'],
  ])('%j says where the ids are', async (words, what, list) => {
    const { runHere } = startCoordinator()
    const said = `lvsm: "nosuch" is no id of ${what}: an id has 8 hexadecimal digits\n  → they are listed by: ${list}\n`
    expect(await runHere(words)).toEqual({ code: 2, out: '', err: said })
  })
  it('says in that command what the token is bound to', async () => {
    const { runHere } = startCoordinator()
    const commandOf = async (...words: string[]) =>
      /^ {2}lvsm join \S+(.*)$/m.exec((await runHere(['token', 'create', ...words])).out)?.[1]
    expect(await commandOf('--node', 'rs9', '--role', 'witness')).toBe(' --name rs9 --role witness')
    expect(await commandOf('--role', 'director')).toBe(' --role director')
    // Whoever joins says which of them it is.
    expect(await commandOf('--role', 'director', '--role', 'witness')).toBe('')
  })
  it('takes limits, and says what is wrong with them', async () => {
    const { runHere, configuration } = startCoordinator()
    const limits = ['--uses', '3', '--expires', '2h', '--node', 'rs9', '--role', 'realserver', '--role', 'witness']
    const made = await runHere(['token', 'create', ...limits, '-o', 'json'])
    expect(made.err).toBe('')
    expect(JSON.parse(made.out)).toMatchObject({ outcome: 'done', until: 1_700_007_200_000 })
    expect(configuration.known()?.enrolled.tokens).toMatchObject([
      { uses: 3, node: 'rs9', roles: ['realserver', 'witness'] },
    ])
    for (const wrong of [
      ['--uses', '0'],
      ['--expires', 'soon'],
      ['--expires', '1'],
    ])
      expect((await runHere(['token', 'create', ...wrong])).code).not.toBe(0)
    configuration.weather = 'forgotten'
    expect(await runHere(['token', 'create'])).toMatchObject({ code: 5, out: '' })
  })
})

describe('lvsm user', () => {
  it('makes, changes, lists and removes users; the password comes from a file', async () => {
    const { runHere, configuration } = startCoordinator()
    expect((await runHere(['user', 'list'])).out).toMatch(/There is no user/)
    expect((await runHere(['user', 'add', 'alice', '--role', 'viewer'])).out).toMatch(/next: lvsm user password alice/)
    expect((await runHere(['user', 'list'])).out).toMatch(/ alice +viewer +none /)
    const file = scratchPath('password')
    writeFileSync(file, 'correct horse\nnot this\n')
    const set = await runHere(['user', 'password', 'alice', '--password-file', file])
    expect(set).toMatchObject({ code: 0, err: '' })
    expect((await runHere(['user', 'set', 'alice', '--role', 'admin'])).out).toBe('user alice is admin\n')
    expect((await runHere(['user', 'list'])).out).toMatch(/ alice +admin +yes /)
    expect(JSON.stringify(configuration.log)).not.toContain('horse')
    expect((await runHere(['user', 'remove', 'alice'])).err).toMatch(
      /nobody would be admin any more\n {2}→ make somebody/,
    )
    await runHere(['user', 'add', 'bob', '--role', 'admin'])
    expect((await runHere(['user', 'remove', 'alice'])).code).toBe(0)
    expect((await runHere(['user', 'remove', 'alice'])).err).toMatch(/no user alice[^]*lvsm user list/)
  })
  it('makes one with a password at once, and none where that is no good', async () => {
    const { runHere, configuration } = startCoordinator()
    const file = scratchPath('password')
    writeFileSync(file, 'short\n')
    expect((await runHere(['user', 'add', 'bob', '--role', 'viewer', '--password-file', file])).code).toBe(2)
    expect(configuration.log).toEqual([])
    writeFileSync(file, 'correct horse\n')
    expect(await runHere(['user', 'add', 'bob', '--role', 'viewer', '--password-file', file])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^user bob is viewer\nbob may log in/),
    })
    expect((await runHere(['user', 'list'])).out).toMatch(/ bob +viewer +yes /)
    const none = await runHere(['user', 'add', 'eve', '--role', 'viewer', '--password-file', '/nowhere/at-all'])
    expect(none.err).toBe(
      'lvsm: cannot read /nowhere/at-all: there is no such file or directory\n  → name a file with the password\n',
    )
  })
  it('changes the own password with the old one', async () => {
    const { runHere, configuration } = startCoordinator()
    const fileOf = (text: string): string => {
      const file = scratchPath(text)
      writeFileSync(file, `${text}\n`)
      return file
    }
    await runHere(['user', 'add', 'alice', '--role', 'viewer'])
    await runHere(['user', 'password', 'alice', '--password-file', fileOf('correct horse')])
    const own = (old: string, fresh: string) =>
      runHere(['user', 'password', 'alice', '--old-password-file', fileOf(old), '--password-file', fileOf(fresh)])
    expect(await own('wrong horse', 'another horse')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/user and password do not fit/),
    })
    expect((await own('correct horse', 'battery staple')).out).toMatch(/alice has a new password/)
    expect(configuration.log.at(-1)).toMatchObject({ kind: 'user-set', author: 'alice', name: 'alice' })
    expect((await own('correct horse', 'another horse')).code).toBe(1)
    expect((await runHere(['user', 'password'])).err).toMatch(/whose password/)
  })
  it.each<[string, string[], RegExp]>([
    ['no role', ['user', 'add', 'alice'], /^$/],
    ['a role that is none', ['user', 'add', 'alice', '--role', 'king'], /^$/],
    ['no terminal', ['user', 'password', 'alice'], /no terminal[^]*--password-file/],
    ['a file that is not there', ['user', 'password', 'alice', '--password-file', '/nowhere'], /cannot read/],
  ])('with %s sends nothing', async (_, args, err) => {
    const { runHere, configuration } = startCoordinator()
    const ended = await runHere(args)
    expect([ended.code, configuration.log]).toEqual([2, []])
    expect(ended.err).toMatch(err)
  })
})

describe('lvsm api-token', () => {
  it('shows a token once, and lists and removes it', async () => {
    const { runHere } = startCoordinator()
    const made = await runHere(['api-token', 'create', 'backup', '--role', 'viewer', '--expires', '30d'])
    expect(made.out).toMatch(
      /^until 2023-12-14T.*once:\n\n {2}Authorization: Bearer lvsm-api\.[0-9a-f]{8}\.[0-9a-f]{32}\n$/,
    )
    const [, id = ''] = /lvsm-api\.([0-9a-f]{8})/.exec(made.out) ?? []
    expect((await runHere(['api-token', 'list'])).out).toMatch(new RegExp(` ${id} +backup +viewer `))
    expect((await runHere(['api-token', 'remove', id])).code).toBe(0)
    expect((await runHere(['api-token', 'list'])).out).toBe('There is no API token.\n')
    expect((await runHere(['audit'])).out).toMatch(/socket +POST \/v1\/api-tokens\/remove id=[0-9a-f]{8} +200/)
    const [newest, ...older] = JSON.parse((await runHere(['audit', '-n', '1', '-o', 'json'])).out).records
    expect([newest.what, older]).toEqual([`POST /v1/api-tokens/remove id=${id}`, []])
  })
})

class Keys extends EventEmitter {
  isTTY = true
  readonly raw: boolean[] = []
  setRawMode = (raw: boolean): void => void this.raw.push(raw)
  pause = (): void => undefined
  /** What was typed, each time somebody reads. */
  #lines: string[]
  constructor(...lines: string[]) {
    super()
    this.#lines = lines
  }
  resume = (): void => void setImmediate(() => this.emit('data', Buffer.from(this.#lines.shift() ?? '')))
}
describe('a password on a terminal', () => {
  const shown: string[] = []
  const read = (keys: Keys) => readPassword('alice', {}, keys, (text) => void shown.push(text))
  it('is asked for twice and never shown; keys that erase do, also one of several bytes', async () => {
    const keys = new Keys('correct hörx\u007f\u007f\u007förse\r', 'correct hörse\n')
    expect(await read(keys)).toBe('correct hörse')
    expect(keys.raw).toEqual([true, false, true, false])
    expect(shown.join('')).toBe('Password of alice: \nAgain: \n')
  })
  it.each<[string, string[], RegExp]>([
    ['two that differ', ['correct horse\r', 'correct house\r'], /another one/],
    ['a short one', ['short\r'], /8 characters/],
    ['Ctrl-C', ['corr\u0003'], /given up/],
  ])('%s: nothing is sent', async (_, lines, message) => {
    const keys = new Keys(...lines)
    await expect(read(keys)).rejects.toThrow(message)
    expect(keys.raw.at(-1)).toBe(false)
  })
})
