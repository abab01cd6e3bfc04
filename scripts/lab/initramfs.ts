import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { Kernel } from './kernel.ts'
import { cache, tool } from './paths.ts'
import { step } from './progress.ts'

/** What stands between the kernel and the host's file system. */
const drivers = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_net']

const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /lower /rw /root
/bin/busybox mount -t proc proc /proc
while read -r module; do /bin/busybox insmod "/modules/$module" || echo "lab: $module not loaded"; done < /modules/order
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /lower || exec /bin/busybox sh
/bin/busybox mount -t tmpfs -o size=75% tmpfs /rw
/bin/busybox mkdir /rw/up /rw/work
/bin/busybox mount -t overlay -o lowerdir=/lower,upperdir=/rw/up,workdir=/rw/work overlay /root || exec /bin/busybox sh
/bin/busybox mount -t proc proc /root/proc
/bin/busybox mount -t sysfs sysfs /root/sys
/bin/busybox mount -t devtmpfs devtmpfs /root/dev
/bin/busybox umount /proc
exec /bin/busybox switch_root -c /dev/console /root /bin/sh "$LAB_BOOT"
`

/** Busybox, a few modules and the script above, cached by what it is made of. */
export async function ensureInitramfs(kernel: Kernel): Promise<string> {
  const busybox = tool('busybox')
  const stamp = [kernel.base, init, drivers.join(), statSync(busybox).mtimeMs, statSync(busybox).size].join('\n')
  const path = join(cache, `initramfs-${createHash('sha256').update(stamp).digest('hex').slice(0, 12)}.cpio`)
  if (existsSync(path)) return path
  return step('initramfs', () => {
    mkdirSync(cache, { recursive: true })
    const scratch = mkdtempSync(join(cache, 'initramfs-'))
    try {
      for (const dir of ['bin', 'modules', 'dev']) mkdirSync(join(scratch, dir))
      copyFileSync(busybox, join(scratch, 'bin/busybox'))
      const order = moduleFiles(kernel)
      for (const file of order) copyFileSync(file, join(scratch, 'modules', basename(file)))
      writeFileSync(join(scratch, 'modules/order'), order.map((file) => `${basename(file)}\n`).join(''))
      writeFileSync(join(scratch, 'init'), init)
      chmodSync(join(scratch, 'init'), 0o755)
      execFileSync('sh', ['-c', 'find . | cpio -o -H newc --quiet > ../"$1"', 'sh', `${basename(scratch)}.cpio`], {
        cwd: scratch,
      })
      renameSync(`${scratch}.cpio`, path)
      return path
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  })
}

/** Module files in loading order, each once. */
function moduleFiles(kernel: Kernel): string[] {
  const said = drivers.map((driver) =>
    execFileSync(tool('modprobe'), ['-d', kernel.base, '-S', kernel.release, '--show-depends', driver], {
      encoding: 'utf8',
    }),
  )
  return [...new Set([...said.join('').matchAll(/^insmod (\S+)/gm)].map((match) => match[1] as string))]
}
