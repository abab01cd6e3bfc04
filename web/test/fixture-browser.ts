/** For the tests of the console: Debian's browser, and the console as it is built. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { bundle, bundleConsole, bundles } from '../../scripts/build.ts'

const CHROMIUM = '/usr/bin/chromium'

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(
      `the tests of the console need a browser, and ${CHROMIUM} is not there\n  → apt-get install chromium`,
    )
  // Root has no sandbox (Chromium refuses to start with it), and containers have a small /dev/shm.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A page of its own: no cookie of another one is in it. What went wrong in it (a fault, a broken rule of its CSP) is noted. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 900 },
    timezoneId: 'Europe/Berlin',
    ...options,
  })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text())
  })
  return { page, faults, close: () => context.close() }
}

export interface Built {
  readonly program: string
  readonly console: string
  remove(): void
}
/** The coordinator's bundles with the console beside them, as they are installed. */
export async function buildAll(): Promise<Built> {
  const cache = join(import.meta.dirname, '..', '..', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'console-'))
  const program = join(folder, 'lvsm-coordinator.mjs')
  await bundle(bundles['lvsm-coordinator'] ?? '', program)
  await bundle(bundles['lvsm-coordinator-store'] ?? '', join(folder, 'lvsm-coordinator-store.mjs'))
  await bundleConsole(bundles['console'] ?? '', join(folder, 'console'))
  return { program, console: join(folder, 'console'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export const logIn = async (page: Page, user: string, password: string): Promise<void> => {
  await page.getByLabel('User').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
