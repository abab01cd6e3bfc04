/** The console in Debian's Chromium, over a coordinator that is a process: with the keyboard alone, through its death, and back. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Built, buildAll, logIn, openBrowser, openPage } from './fixture-browser.ts'
import { Coordinator } from './fixture-coordinator.ts'

const PASSWORD = 'correct horse battery'
const soon = { timeout: 60_000, interval: 50 }

let browser: Browser
let built: Built
beforeAll(async () => {
  browser = await openBrowser()
  built = await buildAll()
})
afterAll(async () => {
  await browser?.close()
  built?.remove()
})

async function started(): Promise<Coordinator> {
  const coordinator = new Coordinator(built.program)
  await coordinator.found()
  await coordinator.start()
  await coordinator.must('/v1/users/add', { name: 'alice', role: 'viewer' })
  await coordinator.must('/v1/users/password', { name: 'alice', password: PASSWORD })
  return coordinator
}
const weigh = (coordinator: Coordinator, weight: number) =>
  coordinator.must('/v1/config/change', {
    change: {
      command: {
        verb: 'set',
        noun: 'server',
        which: { service: 'http', server: 'rs1' },
        values: { weight },
        model: 1,
      },
    },
    base: null,
    comment: `weight ${weight}`,
  })
const alerts = (page: Page) => page.getByRole('alert')
/** How often Tab is pressed until this has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let at = 0; at < 30; at++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('document.activeElement.textContent')) === name) return
  }
  throw new Error(`Tab never comes to ${name}`)
}

test('with the keyboard: a wrong password, the right one, a change that is seen at once, another screen, and out', async () => {
  const coordinator = await started()
  const { page, faults, close } = await openPage(browser)
  await page.goto(coordinator.url)
  await expect.poll(() => page.evaluate('document.activeElement.id'), soon).toBe('user')
  await page.keyboard.type('alice')
  await page.keyboard.press('Tab')
  await page.keyboard.type('wrong horse')
  await page.keyboard.press('Enter')
  await expect.poll(() => alerts(page).allTextContents(), soon).toContainEqual(expect.stringMatching(/do not fit/))
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByText('Revision 1').waitFor()
  // No agent follows: nothing here may look well.
  await expect.poll(() => page.getByRole('status').textContent(), soon).toMatch(/^not known/)
  expect(await page.locator('main .good').count()).toBe(0)
  await weigh(coordinator, 7)
  await page.getByText(/: weight 7 \(.*changed/).waitFor()
  await tabTo(page, 'Nodes')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
  expect(page.url()).toMatch(/#\/nodes$/)
  await expect.poll(() => page.evaluate('document.activeElement.id'), soon).toBe('main')
  await page.getByRole('row', { name: /dir1 \(answers here\) leads leader/ }).waitFor()
  await tabTo(page, 'Log out')
  await page.keyboard.press('Enter')
  await page.getByText('You are logged out.').waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  expect(await page.getByText('dir1').count()).toBe(0)
  expect(faults).toEqual([])
  await close()
})

test('a coordinator that is killed is missed within seconds, nothing stays green; when it is back the page goes on where it was', async () => {
  const coordinator = await started()
  const { page, faults, close } = await openPage(browser)
  await page.goto(`${coordinator.url}#/nodes`)
  await logIn(page, 'alice', PASSWORD)
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
  await expect.poll(() => page.locator('.good').count(), soon).toBeGreaterThan(0)
  await coordinator.kill()
  await expect.poll(() => alerts(page).first().textContent(), soon).toMatch(/No connection .*since 20\d\d-.*as of then/)
  expect(await page.locator('.good').count()).toBe(0)
  expect(await page.getByRole('row', { name: /dir1 \(answers here\) was: leads/ }).count()).toBe(1)
  await coordinator.start()
  await page.getByText(/Your session is over/).waitFor()
  await expect.poll(() => alerts(page).first().textContent(), soon).toBe('')
  await weigh(coordinator, 9)
  await logIn(page, 'alice', PASSWORD)
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByText(/: weight 9/).waitFor()
  expect(faults).toEqual([])
  await close()
})
