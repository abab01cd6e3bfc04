/** What needs no root. The rest is in test/contract/netlink.test.ts, on namespaces of its own. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rtnetlink as rt } from '@lvsm/netlink'
import { describe, expect, it } from 'vitest'
import { boottime, claimName, KernelError, lockFile, NETLINK, openNetlink } from './index.ts'

describe('clock', () => {
  it('is the time since boot, and does not go back', () => {
    const readings = Array.from({ length: 1000 }, () => boottime())
    expect(readings).toEqual([...readings].sort((a, b) => a - b))
    expect(Math.abs(boottime() / 1000 - Number.parseFloat(readFileSync('/proc/uptime', 'utf8')))).toBeLessThan(1)
  })
})

describe('lock', () => {
  it('belongs to one at a time', () => {
    const directory = mkdtempSync(join(tmpdir(), 'lvsm-lock-'))
    const path = join(directory, 'lease.lock')
    const lock = lockFile(path)
    expect(lock).not.toBeNull()
    expect(lockFile(path)).toBeNull()
    lock?.release()
    lockFile(path)?.release()
    rmSync(directory, { recursive: true })
  })
  it('follows no link, and waits for nobody', () => {
    const directory = mkdtempSync(join(tmpdir(), 'lvsm-lock-'))
    const at = (name: string): string => join(directory, name)
    symlinkSync(at('elsewhere'), at('link'))
    execFileSync('mkfifo', [at('fifo')])
    expect(() => lockFile(at('link'))).toThrow(/ELOOP/)
    expect(existsSync(at('elsewhere'))).toBe(false)
    expect(() => lockFile(at('fifo'))).toThrow(/ENXIO/)
    rmSync(directory, { recursive: true })
  })
})

describe('a name of the network namespace', () => {
  it('belongs to one at a time, who is told to whoever asks', () => {
    const name = `lvsm-test-${process.pid}-${performance.now()}`
    const claim = claimName(name)
    const me = { pid: process.pid, uid: process.geteuid?.() }
    for (let times = 0; times < 2; times++) expect(claimName(name)).toEqual({ kind: 'taken', holder: me })
    if (claim.kind === 'held') claim.release()
    const again = claimName(name)
    expect(again.kind).toBe('held')
    if (again.kind === 'held') again.release()
  })
})

describe('netlink socket', () => {
  it('answers an ordinary user too', () => {
    const socket = openNetlink(NETLINK.route)
    const names = socket
      .dump(rt.dumpLinks())
      .map(rt.decodeLink)
      .map((link) => (link.ok ? link.value.name : link.error))
    expect(names).toContain('lo')
    expect(socket.request([])).toEqual([])
    expect(socket.request([rt.getLink('no-such-link')])[0]).toMatchObject({ errno: 19, code: 'ENODEV' })
    socket.close()
    expect(() => socket.dump(rt.dumpLinks())).toThrow(KernelError)
    // Another test of this process may have got the number meanwhile.
    expect(socket.apply([rt.getLink('lo')])?.code).toMatch(/^(EBADF|ENOTSOCK)$/)
  })
})
