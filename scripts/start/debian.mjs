// Debian packages: only those that are missing, and none of their services is started.
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { has, Stop, step, tail, tool, undo } from './steps.mjs'

/** A file that each Debian package brings: looking for it costs nothing. */
const packages = {
  'qemu-system-x86': 'qemu-system-x86_64',
  // Debian's other busybox is dynamic, and starts nothing before there is a root file system.
  'busybox-static': existsSync('/var/lib/dpkg') ? '/var/lib/dpkg/info/busybox-static.list' : 'busybox',
  cpio: 'cpio',
  kmod: 'depmod',
  ipvsadm: 'ipvsadm',
  nftables: 'nft',
  iproute2: 'ip',
  'iputils-arping': 'arping',
  systemd: '/lib/systemd/systemd',
  'iputils-ping': 'ping',
  conntrack: 'conntrack',
  keepalived: 'keepalived',
  // What checks ask, and who asks our agents (test/contract: servers, nameserver, haproxy), a relay for mail; scripts that run as they are (mon, Nagios plugins).
  'nginx-light': '/usr/sbin/nginx',
  'redis-server': 'redis-server',
  bind9: '/usr/sbin/named',
  haproxy: '/usr/sbin/haproxy',
  mon: '/usr/lib/mon/alert.d/file.alert',
  'monitoring-plugins-basic': '/usr/lib/nagios/plugins/check_tcp',
  'python3-aiosmtpd': '/usr/lib/python3/dist-packages/aiosmtpd/__init__.py',
  tcpdump: 'tcpdump',
  'xz-utils': 'xz',
  'util-linux': 'setpriv',
  procps: 'sysctl',
}

/** What only tests of the console take, and of metrics: Prometheus and its own tool read them. */
const browser = { chromium: 'chromium', prometheus: 'promtool' }

/** What only the soak takes, for the model of the epochs. */
const model = { spin: 'spin', gcc: 'gcc', 'libc6-dev': '/usr/include/stdlib.h' }

/** The packages of a command whose files are not there. */
export function missingPackages(command) {
  const all = { ...packages, ...(command.browser ? browser : {}), ...(command.model ? model : {}) }
  return Object.keys(all).filter((name) => !has(all[name]))
}

/** While packages are being installed, Debian asks this file whether it may start their services: no. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d'
  const kept = `${policy}.before-lvsm`
  if (existsSync(policy) && !existsSync(kept)) renameSync(policy, kept)
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const back = () => (existsSync(kept) ? renameSync(kept, policy) : rmSync(policy, { force: true }))
  undo.push(back)
  return () => {
    back()
    undo.splice(undo.indexOf(back), 1)
  }
}

export async function debianPackages(missing) {
  if (missing.length === 0) return
  const names = missing.join(' ')
  if (!has('apt-get'))
    throw new Stop(
      `missing: ${names}; and this is no Debian (no apt-get)`,
      'install them your way, then run this again',
    )
  if (process.getuid() !== 0)
    throw new Stop(`missing Debian packages: ${names}`, `as root: apt-get install ${names}, or run this as root`)
  const quiet = { DEBIAN_FRONTEND: 'noninteractive', DEBIAN_PRIORITY: 'critical' }
  const install = (list) => tool(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...list], quiet)
  const known = () =>
    missing.every((name) => spawnSync('apt-cache', ['show', '-q', name], { stdio: 'ignore' }).status === 0)
  const allow = forbidServices()
  try {
    let fresh = false
    const update = () =>
      step('Debian package lists', () => tool(['apt-get', 'update', '-q'], quiet)).then(() => (fresh = true))
    if (!known()) await update()
    try {
      await step(`Debian packages: ${names}`, () => install(missing))
    } catch (error) {
      if (fresh) throw error
      await update()
      await step(`Debian packages again: ${names}`, () => install(missing))
    }
  } catch (error) {
    throw new Stop(
      `Debian packages could not be installed: ${tail(error)}`,
      `check the network and try by hand: apt-get update && apt-get install ${names}`,
    )
  } finally {
    allow()
  }
}
