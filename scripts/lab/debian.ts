/** Debian packages taken apart into the cache: nothing is installed, and none of their services ever starts. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache, LabError } from './paths.ts'
import { step } from './progress.ts'

export const run = (command: string, args: readonly string[], cwd?: string): string =>
  execFileSync(command, [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...(cwd ? { cwd } : {}),
  })

export interface Unpacked {
  readonly name: string
  /** File name of the package. */
  readonly deb: string
  /** Goes away after `keep`: what stays is moved out of it. Its `out` has the members. */
  readonly scratch: string
}
export interface Wanted<Kept> {
  /** For people: `kernel package`. */
  readonly what: string
  /** Asked again after `apt-get update` when it throws, or when the package cannot be fetched. */
  readonly name: () => string
  /** Patterns of tar. */
  readonly members: readonly string[]
  readonly keep: (unpacked: Unpacked) => Kept
}

/** Throws LabError when the package cannot be fetched. */
export async function takeApart<Kept>({ what, name, members, keep }: Wanted<Kept>): Promise<Kept> {
  mkdirSync(cache, { recursive: true })
  const scratch = mkdtempSync(join(cache, 'fetch-'))
  try {
    const found = await step(`${what}: download`, () => {
      try {
        return download(name(), scratch)
      } catch {
        run('apt-get', ['update'])
        return download(name(), scratch)
      }
    })
    return await step(`${what}: unpack`, () => {
      const deb = readdirSync(scratch).find((file) => file.endsWith('.deb')) as string
      run('mkdir', ['out'], scratch)
      const script = 'set -f; deb=$1; shift; dpkg-deb --fsys-tarfile "$deb" | tar -x -C out --wildcards "$@"'
      run('sh', ['-c', script, 'sh', deb, ...members], scratch)
      return keep({ name: found, deb, scratch })
    })
  } catch (error) {
    if (error instanceof LabError) throw error
    const said = (error as { stderr?: string }).stderr ?? (error as Error).message
    throw new LabError(
      `the ${what} could not be fetched: ${said.trim().split('\n').at(-1)}`,
      'check the network and `apt-get update`, then run this again',
    )
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function download(name: string, scratch: string): string {
  run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', name], scratch)
  return name
}

/** A program of a package, alone in the cache: its path. It is fetched once. Throws LabError. */
export async function ensureProgram(what: string, name: string, program: string): Promise<string> {
  const path = join(cache, program)
  if (existsSync(path)) return path
  return takeApart({
    what,
    name: () => name,
    members: [`./usr/bin/${program}`],
    keep: ({ scratch }) => {
      renameSync(join(scratch, 'out/usr/bin', program), path)
      return path
    },
  })
}
