import type { Kernel } from './kernel.ts'

export interface Machine {
  readonly kernel: Kernel
  readonly initramfs: string
  /** Script of the first process. */
  readonly boot: string
  readonly console: string
  /** TCP port of 127.0.0.1 that leads to the program inside. */
  readonly port: number
  readonly cpus: number
  /** MiB. */
  readonly memory: number
}

/** Port of the program inside the guest. */
export const guestPort = 7000

/** Less than QEMU can emulate: AVX, five-level pages and protection keys cost a third of Node's start [measured]. */
const processor = 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+invtsc'

/**
 * Room for translated code, the most that QEMU takes. When it is full all of it is thrown away, and for some 200 ms
 * everything inside is ten times slower: with 512 MiB an owner lost its lease that way every two minutes.
 */
const TRANSLATED_MIB = 2047

/**
 * QEMU's arguments: emulation only (where /dev/kvm exists, its guests may still hang), the host's files read-only,
 * a network that leads nowhere but from the host to the program inside.
 */
export function qemuArguments(machine: Machine): string[] {
  const { kernel, initramfs, boot, console, port, cpus, memory } = machine
  const append = [
    'console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off nowatchdog audit=0 tsc=reliable no_timer_check',
    'rcupdate.rcu_expedited=1 random.trust_cpu=on apparmor=0 net.ifnames=0',
    `LAB_BOOT="${boot}"`,
  ].join(' ')
  return [
    '-accel',
    `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`,
    '-machine',
    'q35',
    '-cpu',
    processor,
    '-smp',
    String(cpus),
    '-m',
    String(memory),
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-no-reboot',
    '-kernel',
    kernel.image,
    '-initrd',
    initramfs,
    '-append',
    append,
    '-fsdev',
    'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap',
    '-device',
    'virtio-9p-pci,fsdev=root,mount_tag=root',
    '-netdev',
    `user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`,
    '-device',
    'virtio-net-pci,netdev=control,romfile=',
    '-serial',
    `file:${console}`,
    '-monitor',
    'none',
  ]
}
