/** The console's screens in Chromium, over the port for people with a cluster's status as its agents tell it. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Status } from '@lvsm/protocol'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD, startPeople, withUser } from '../../coordinator/adapters/api/people/fixture.ts'
import { readConsole } from '../../coordinator/adapters/api/people/console.ts'
import { SESSION } from '../../coordinator/api/sessions.ts'
import { hostOf } from '../../test/kit/configuration.ts'
import { ILL, UNTOLD, WELL } from '../src/core/fixture.ts'
import { type Built, buildAll, logIn, openBrowser, openPage } from './fixture-browser.ts'
import { startProxy } from './fixture-proxy.ts'

const soon = { timeout: 60_000, interval: 50 }
/** To look at. */
const PICTURES = join(import.meta.dirname, '..', '..', '.cache', 'console-pictures')

let browser: Browser
let built: Built
beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  browser = await openBrowser()
  built = await buildAll()
})
afterAll(async () => {
  await browser?.close()
  built?.remove()
})

/** `silentMs`: of the other coordinators. */
type Options = Parameters<typeof openPage>[1] & { readonly silentMs?: number }
async function opened(first: Status, { silentMs = 20, ...options }: Options = {}) {
  const told = { status: first }
  const host = { ...hostOf(), clusterStatus: () => told.status }
  const people = await startPeople({ console: readConsole(built.console), host, limits: { live: { lookMs: 20 } } })
  const { raft, members } = people.configuration.status()
  const peers = raft.peers.map((peer) => ({ ...peer, silentMs }))
  people.configuration.status = () => ({ raft: { ...raft, peers }, members })
  await withUser(people, 'alice', 'viewer')
  const shown = await openPage(browser, options)
  return { people, told, url: `https://127.0.0.1:${people.port}/`, ...shown }
}
async function entered(first: Status, options: Options = {}) {
  const all = await opened(first, options)
  await all.page.goto(all.url)
  await logIn(all.page, 'alice', PASSWORD)
  await all.page.getByRole('status').waitFor()
  return all
}
const verdict = (page: Page) => page.getByRole('status').textContent()
const row = (page: Page, table: string, name: RegExp) =>
  page.getByRole('region', { name: table }).getByRole('row', { name })

describe('a page says', () => {
  it('who owns what, who could take over, and what is wrong; and hears of each change without being loaded again', async () => {
    const { page, told, faults, close } = await entered(WELL)
    await expect.poll(() => verdict(page), soon).toBe('healthy')
    await row(page, 'Groups', /^web owned dir1 7 dir2 10\.11\.0\.10/).waitFor()
    await page.evaluate('window.same = true')
    told.status = ILL
    await expect
      .poll(() => verdict(page), soon)
      .toMatch(
        /^not served; 3 critical troubles; dead: dir2; 3 warnings.*nobody owns mail .*http: rs2 failed .*nobody could take web: dir2/,
      )
    await row(page, 'Groups', /^mail nobody owns it – – dir2: dead dir1/).waitFor()
    await row(page, 'Groups', /^web owned; nobody could take web: dir2: silent for 4\.1 s dir1 7 dir2: dead/).waitFor()
    await row(
      page,
      'Troubles',
      /dir1 critical the interface of 10\.11\.0\.20 is not there not-ready on dir1: ip link/,
    ).waitFor()
    await row(page, 'Maintenance', /server rs3 of service http drain alice/).waitFor()
    await page.getByRole('link', { name: 'Services' }).first().click()
    await row(page, 'Summary of services', /^http 1 failed tcp 10\.11\.0\.10:80 wlc web 1 of 3/).waitFor()
    await row(page, 'Service http', /^rs2 failed 10\.11\.0\.12:80 dr 0 0 340 connection refused/).waitFor()
    await row(page, 'Service http', /^rs3 draining .* nat 0 12 340 drain by alice/).waitFor()
    await page.getByRole('link', { name: 'smtp' }).click()
    await page.getByRole('heading', { name: 'Service smtp', level: 1 }).waitFor()
    expect(page.url()).toMatch(/#\/services\/smtp$/)
    expect(await page.evaluate('window.same')).toBe(true)
    expect(faults).toEqual([])
    await close()
  })
  it('what lvsm status says of a coordinator that is gone, and what to do', async () => {
    const { page, close } = await entered(WELL, { silentMs: 65_000 })
    await expect.poll(() => verdict(page), soon).toMatch(/^degraded.*coordinators: \S+ is silent for 65 s/)
    await row(page, 'What is wrong with coordinators', /is silent for 65 s: start lvsm-coordinator there/)
      .first()
      .waitFor()
    await close()
  })
  it('what nobody told it, and shows nothing of that as well', async () => {
    const { page, close } = await entered(UNTOLD)
    await expect.poll(() => verdict(page), soon).toMatch(/^not known/)
    expect(await page.locator('main .good').count()).toBe(0)
    await page.getByRole('link', { name: 'Services' }).first().click()
    await row(page, 'Service http', /^rs1 not known 10\.11\.0\.11:80 dr – – –/).waitFor()
    await close()
  })
})

describe('a page keeps', () => {
  it('the focus where it is, and rows where they are, while everything changes', async () => {
    const { page, told, close } = await entered(ILL)
    await page.getByRole('link', { name: 'Services' }).first().click()
    // A new screen takes the focus itself.
    await expect.poll(() => page.evaluate('document.activeElement.id'), soon).toBe('main')
    const link = page.getByRole('link', { name: 'smtp' })
    await link.focus()
    told.status = WELL
    await row(page, 'Summary of services', /^http healthy/).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('smtp')
    await close()
  })
  it('its place when its session is over', async () => {
    const { page, people, close } = await entered(WELL)
    await page.goto(page.url().replace(/#.*|$/, '#/services/http'))
    await page.getByRole('heading', { name: 'Service http', level: 1 }).waitFor()
    people.ticks += SESSION.idleMs
    await page.getByText(/Your session is over/).waitFor()
    expect(await page.getByText('rs1').count()).toBe(0)
    await logIn(page, 'alice', PASSWORD)
    await page.getByRole('heading', { name: 'Service http', level: 1 }).waitFor()
    await close()
  })
  it('its session while somebody is there, and not by itself', async () => {
    const { page, people, told, close } = await entered(WELL)
    people.ticks += SESSION.idleMs - 1000
    const asked = page.waitForResponse(/v1\/session/)
    await page.keyboard.press('Shift')
    await asked
    people.ticks += SESSION.idleMs - 1000
    told.status = ILL
    await expect.poll(() => verdict(page), soon).toMatch(/^not served.*nobody owns mail/)
    people.ticks += SESSION.idleMs
    await page.getByText(/Your session is over/).waitFor()
    await close()
  })
})

describe('behind a reverse proxy with a path of its own', () => {
  it.each(['loudly', 'silently'] as const)('it works, is cut %s, says so, and recovers by itself', async (how) => {
    const { page, people, told, faults, close } = await opened(WELL)
    const proxy = await startProxy(people.port)
    await page.goto(proxy.url)
    await logIn(page, 'alice', PASSWORD)
    await expect.poll(() => verdict(page), soon).toBe('healthy')
    proxy.cut(how)
    await expect.poll(() => page.getByRole('alert').textContent(), soon).toMatch(/No connection/)
    await expect.poll(() => verdict(page), soon).toBe('was: healthy')
    expect(await page.locator('.good').count()).toBe(0)
    told.status = ILL
    proxy.cut('not')
    await expect.poll(() => verdict(page), soon).toMatch(/^not served.*nobody owns mail/)
    expect(await page.getByRole('alert').textContent()).toBe('')
    expect(faults).toEqual([])
    await close()
  })
})

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  it.each<[string, Status, string]>([
    ['overview', ILL, '#/'],
    ['untold', UNTOLD, '#/'],
    ['services', ILL, '#/services'],
    ['nodes', ILL, '#/nodes'],
  ])('%s has nothing that axe complains about', async (name, status, hash) => {
    const { page, close } = await entered(status, { colorScheme })
    await page.goto(page.url().replace(/#.*|$/, hash))
    await page.getByRole('heading', { level: 1 }).waitFor()
    await complaints(page)
    await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`), fullPage: true })
    await close()
  })
  it('the login, a wrong password, and a page that is cut off have none either', async () => {
    const { page, people, url, close } = await opened(WELL, { colorScheme, viewport: { width: 900, height: 700 } })
    const proxy = await startProxy(people.port)
    await page.goto(url)
    await logIn(page, 'alice', 'wrong')
    await page.getByText(/do not fit/).waitFor()
    await complaints(page)
    await page.screenshot({ path: join(PICTURES, `login-${colorScheme}.png`) })
    await page.goto(proxy.url)
    await logIn(page, 'alice', PASSWORD)
    await expect.poll(() => verdict(page), soon).toBe('healthy')
    proxy.cut('loudly')
    await page.getByText(/No connection/).waitFor()
    await complaints(page)
    await page.screenshot({ path: join(PICTURES, `lost-${colorScheme}.png`) })
    await close()
  })
})

async function complaints(page: Page): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).analyze()
  expect(passes.length).toBeGreaterThan(10)
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
}
