import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, takeApart, type Unpacked } from './debian.ts'
import { cache, LabError, tool } from './paths.ts'

export interface Kernel {
  readonly release: string
  readonly image: string
  /** Directory of the modules of this release. */
  readonly modules: string
  /** Root under which `lib/modules/RELEASE` lies. */
  readonly base: string
}

const meta = 'linux-image-amd64'
/** Drivers of a physical machine stay in the package: the lab has none. */
const wanted = [
  'net',
  'fs',
  'lib',
  'crypto',
  'arch',
  'drivers/net',
  'drivers/virtio',
  'drivers/char',
  'drivers/watchdog',
]

function kernelAt(base: string): Kernel | undefined {
  if (!existsSync(join(base, 'ready'))) return undefined
  const release = readdirSync(join(base, 'lib/modules'))[0]
  if (!release) return undefined
  const images = ['vmlinux', `vmlinuz-${release}`].map((name) => join(base, 'boot', name))
  return {
    release,
    base,
    image: images.find((path) => existsSync(path)) as string,
    modules: join(base, 'lib/modules', release),
  }
}

/** The newest kernel in the cache. */
export function cachedKernel(): Kernel | undefined {
  const dirs = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('kernel-')) : []
  const newest = dirs.map((name) => join(cache, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  return newest.map(kernelAt).find((kernel) => kernel !== undefined)
}

function packageName(): string {
  const depends = run('apt-cache', ['depends', meta])
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1]
  if (!name) throw new Error(`apt-cache knows no ${meta}`)
  return name
}

/** Debian's kernel package, taken apart into the cache. */
export async function ensureKernel(): Promise<Kernel> {
  const cached = cachedKernel()
  if (cached) return cached
  if (process.arch !== 'x64') throw new LabError(`the lab boots an amd64 kernel; this machine is ${process.arch}`)
  return takeApart({
    what: 'kernel package',
    name: packageName,
    members: [
      './boot/vmlinuz-*',
      './lib/modules/*/modules.*',
      ...wanted.map((dir) => `./lib/modules/*/kernel/${dir}/*`),
    ],
    keep,
  })
}

function keep({ name, deb, scratch }: Unpacked): Kernel {
  const release = name.replace('linux-image-', '').replace('-unsigned', '')
  run(tool('depmod'), ['-b', 'out', release], scratch)
  expand(join(scratch, 'out/boot'), release)
  writeFileSync(join(scratch, 'out/ready'), `${deb}\n`)
  const base = join(cache, `kernel-${deb.replace(/^linux-image-/, '').replace(/\.deb$/, '')}`)
  rmSync(base, { recursive: true, force: true })
  renameSync(join(scratch, 'out'), base)
  return kernelAt(base) as Kernel
}

/**
 * The kernel without its compression: unpacking it under emulation takes three seconds of every boot.
 * Where it is not xz, or the tool is missing, the image is booted as it came. Header: Documentation/arch/x86/boot.rst.
 */
function expand(dir: string, release: string): void {
  const image = readFileSync(join(dir, `vmlinuz-${release}`))
  const at = (image.readUInt8(0x1f1) + 1) * 512 + image.readUInt32LE(0x248)
  const payload = image.subarray(at, at + image.readUInt32LE(0x24c) - 4)
  if (payload.toString('latin1', 1, 5) !== '7zXZ') return
  const { status, stdout } = spawnSync('xz', ['-dc'], { input: payload, maxBuffer: 1 << 28 })
  if (status === 0 && stdout.toString('latin1', 1, 4) === 'ELF') writeFileSync(join(dir, 'vmlinux'), stdout)
}
