/** The console's files at the port for people: for everybody, of one version, and with a policy that lets nothing else in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:https'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConsole } from './console.ts'
import { AUTHORITY, HOST, startPeople } from './fixture.ts'

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
const FILES = { 'index.html': '<!doctype html>', 'console.js': 'go()', 'console.css': 'p {}', 'icon.svg': '<svg/>' }

function ask(port: number, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const options = { host: HOST, port, method, path, headers, agent: false, ca: AUTHORITY.certificate } as const
    const outgoing = request(options, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => (text += String(chunk)))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

describe('the files of the console', () => {
  it.each([
    ['/', '<!doctype html>', /^text\/html/],
    ['/?from=mail', '<!doctype html>', /^text\/html/],
    ['/console.js', 'go()', /^text\/javascript/],
    ['/console.css', 'p {}', /^text\/css/],
    ['/icon.svg', '<svg/>', /^image\/svg/],
  ])('%s is for everybody', async (path, text, type) => {
    const { port } = await startPeople({ console: readConsole(folderOf(FILES)) })
    expect(await ask(port, 'GET', path)).toMatchObject({
      status: 200,
      text,
      headers: { 'content-type': expect.stringMatching(type), 'cache-control': 'no-cache' },
    })
    expect(await ask(port, 'HEAD', path)).toMatchObject({ status: 200, text: '' })
  })
  it('let nothing run that is not theirs, and stand in no other page', async () => {
    const { port } = await startPeople({ console: readConsole(folderOf(FILES)) })
    const { headers } = await ask(port, 'GET', '/')
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  })
  it('are sent again only when they are others', async () => {
    const { port } = await startPeople({ console: readConsole(folderOf(FILES)) })
    const { headers } = await ask(port, 'GET', '/console.js')
    const tag = String(headers['etag'])
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`])
      expect(await ask(port, 'GET', '/console.js', { 'if-none-match': known })).toMatchObject({ status: 304, text: '' })
    const other = await startPeople({ console: readConsole(folderOf({ ...FILES, 'console.js': 'stay()' })) })
    expect((await ask(other.port, 'GET', '/console.js', { 'if-none-match': tag })).text).toBe('stay()')
  })
  it.each([
    ['POST', '/', 404],
    ['GET', '/index.html', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', '/%2e%2e/etc/passwd', 404],
    ['GET', '//console.js', 404],
  ])('%s %s is none of them', async (method, path, status) => {
    const { port } = await startPeople({ console: readConsole(folderOf(FILES)) })
    expect((await ask(port, method, path)).status).toBe(status)
  })
  it('are all there, or none is', async () => {
    const { 'icon.svg': _, ...some } = FILES
    for (const folder of [folderOf(some), '/nowhere']) {
      const { port } = await startPeople({ console: readConsole(folder) })
      expect(await ask(port, 'GET', '/')).toMatchObject({ status: 404, text: expect.stringMatching(/unknown-path/) })
    }
  })
})
