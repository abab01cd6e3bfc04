/** The suite of floating addresses on the host's kernel. Needs root, and fails without it. */
import { boottime, inNamespace, openPacket } from '@lvsm/kernel'
import { describe } from 'vitest'
import { openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import { type AddressSubject, addressSuite } from '../suites/addresses.ts'
import { index, ip, ipJson, otherIndex, run, space, wait } from './space.ts'

interface Shown {
  readonly local: string
  readonly prefixlen: number
  readonly label?: string
}
const real = (): AddressSubject => ({
  left: index,
  right: otherIndex,
  leftMac: String(ipJson('link show dev left')[0]?.address),
  open() {
    const kernel = inNamespace(space, () => openKernel(boottime))
    return { ...kernel, watch: (groups, events) => inNamespace(space, () => kernel.watch(groups, events)) }
  },
  packet: (on) => inNamespace(space, () => openPacket(on)),
  standing: (device) =>
    ipJson(`-4 addr show dev ${device}`)
      .flatMap((link) => link.addr_info as Shown[])
      .filter(({ local }) => local?.startsWith('10.55.7.'))
      .map(({ local: address, prefixlen: prefix, label = '' }) => ({ address, prefix, label })),
  promote: (on) =>
    void run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv4.conf.left.promote_secondaries=${on ? 1 : 0}`),
  put: (device, address, prefix, label, seconds) =>
    void ip(
      `addr add ${address}/${prefix} dev ${device}${label ? ` label ${label}` : ''}${seconds ? ` valid_lft ${seconds} preferred_lft ${seconds}` : ''}`,
    ),
  takeOff: (address, prefix) => void ip(`addr del ${address}/${prefix} dev left`),
  pass: (ms) => {
    const end = boottime() + ms
    return wait(() => boottime() >= end)
  },
  wait,
  close: () => {
    for (const device of ['left', 'lo']) ip(`-4 addr flush dev ${device}`)
  },
})

describe('floating addresses on the kernel', () => addressSuite(real))
