// npm packages: as package-lock.json says.
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { root, Stop, step, tail, tool } from './steps.mjs'

/** Does node_modules hold what package-lock.json says? By content, because a checkout changes only times. */
export function modulesAreRight() {
  const lockFile = join(root, 'package-lock.json')
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  if (statSync(record).mtimeMs >= statSync(lockFile).mtimeMs) return true
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages
  const there = JSON.parse(readFileSync(record, 'utf8')).packages
  const same = (name) =>
    there[name]?.version === wanted[name].version && there[name]?.integrity === wanted[name].integrity
  const right = Object.keys(wanted).every(
    (name) => !name.startsWith('node_modules/') || (wanted[name].optional && !there[name]) || same(name),
  )
  if (right) utimesSync(record, new Date(), new Date())
  return right
}

export async function npmPackages() {
  if (modulesAreRight()) return
  const script = process.env.npm_execpath
  const npm = script?.endsWith('.js') || script?.endsWith('.cjs') ? [process.execPath, script] : ['npm']
  const clean = Object.fromEntries(
    Object.keys(process.env)
      .filter((key) => /^npm_(config|package|lifecycle)/.test(key))
      .map((key) => [key, undefined]),
  )
  try {
    await step('npm packages', () => tool([...npm, 'ci', '--no-fund', '--no-audit'], clean))
  } catch (error) {
    if (/ENOENT/.test(error.message)) throw new Stop('npm is not there', 'apt-get install npm')
    throw new Stop(`npm packages could not be installed: ${tail(error)}`, 'check the network and try by hand: npm ci')
  }
}
