/** What the README has scripts send is what the API takes. */
import { readFileSync } from 'node:fs'
import { CONFIG_ROUTES, PEOPLE_ROUTES } from '@lvsm/protocol'
import { expect, it } from 'vitest'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const ROUTES = [...Object.values(CONFIG_ROUTES), ...Object.values(PEOPLE_ROUTES)]
const LINES = README.replaceAll(/ \\\n +/g, ' ').split('\n')
const curls = LINES.filter((line) => line.startsWith('curl ') && line.includes('https://'))

it.each(curls)('%s', (line) => {
  const [, path] = /https:\/\/\S+?:7445(\/v1\/[^\s]+)/.exec(line) ?? []
  const [, body] = / -d '([^']+)'/.exec(line) ?? []
  const route = ROUTES.find((one) => one.path === path && one.method === (body === undefined ? 'GET' : 'POST'))
  // Without being asked who one is: a machine that joins asks for it too.
  if (path === '/v1/authority') return
  expect(route, path).toBeDefined()
  if (body !== undefined) expect(route?.body?.safeParse(JSON.parse(body)).error).toBeUndefined()
})
it('there are some', () => expect(curls.length).toBeGreaterThan(3))
