/** A machine's /proc and control groups, as files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readMemory } from './memory.ts'
import { readTables } from './tables.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lvsm-machine-'))
})
afterEach(() => rmSync(root, { recursive: true }))
function has(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

test('memory: what was killed, by unit where that is asked, and how long all stood still', async () => {
  has('vmstat', 'nr_free_pages 1\noom_kill 7\ndrop_pagecache 0\n')
  has(
    'pressure/memory',
    'some avg10=9.00 avg60=1.00 avg300=0.10 total=7\nfull avg10=4.50 avg60=0.20 avg300=0.00 total=3\n',
  )
  has('meminfo', 'MemTotal:        2000 kB\nMemFree: 9 kB\nMemAvailable:     500 kB\n')
  has('cg/system.slice/nginx.service/memory.events', 'low 0\noom 3\noom_kill 3\noom_group_kill 0\n')
  has('cg/system.slice/memory.events', 'oom_kill 3\n')
  has('cg/init.scope/memory.events', 'oom_kill 0\n')
  expect(await readMemory(false, root, join(root, 'cg'))).toEqual({
    ...{ kills: 7, pressure: 4.5, units: null, left: 25, own: false },
  })
  expect((await readMemory(true, root, join(root, 'cg'))).units).toEqual(
    new Map([
      ['init.scope', 0],
      ['system.slice', 3],
      ['system.slice/nginx.service', 3],
    ]),
  )
})
const NEIGHBOURS = 'full avg10=90.00 avg60=0.20 avg300=0.00 total=3\n'
test('memory of a container: what happened to its neighbours is not its own', async () => {
  has('vmstat', 'oom_kill 70\n')
  has('pressure/memory', NEIGHBOURS)
  has('meminfo', 'MemTotal: 1000 kB\nMemAvailable: 10 kB\n')
  has('cg/memory.events', 'oom 1\noom_kill 1\noom_group_kill 0\n')
  has('cg/memory.pressure', 'some avg10=1.00\nfull avg10=2.00 avg60=0.20 avg300=0.00 total=3\n')
  has('cg/system.slice/memory.events', 'oom_kill 1\n')
  const own = { kills: 1, pressure: 2, own: true }
  expect(await readMemory(false, root, join(root, 'cg')), 'no bound').toEqual({ ...own, units: null, left: 1 })
  has('cg/memory.max', '1000\n')
  has('cg/memory.current', '900\n')
  has('cg/memory.stat', 'anon 500\nfile 400\ninactive_file 100\nactive_file 200\n')
  const units = new Map([['system.slice', 1]])
  expect(await readMemory(true, root, join(root, 'cg'))).toEqual({ ...own, units, left: 40 })
})
test('memory of a container that sees the control groups of its host: those of its own process, or none', async () => {
  has('vmstat', 'oom_kill 70\n')
  has('pressure/memory', NEIGHBOURS)
  mkdirSync(join(root, 'self/ns'), { recursive: true })
  symlinkSync('pid:[4026532211]', join(root, 'self/ns/pid'))
  has('self/cgroup', '0::/docker-1.scope\n')
  has('cg/docker-1.scope/memory.events', 'oom_kill 4\n')
  const nothing = { pressure: null, units: null, left: null, own: true }
  expect(await readMemory(false, root, join(root, 'cg'))).toEqual({ ...nothing, kills: 4 })
  has('self/cgroup', '4:memory:/docker/1\n0::/\n')
  expect(await readMemory(false, root, join(root, 'cg'))).toEqual({ ...nothing, kills: null })
})
test('a kernel without any of it', async () => {
  expect(await readMemory(true, root, join(root, 'cg'))).toEqual({
    ...{ kills: null, pressure: null, units: new Map(), left: null, own: false },
  })
  expect(await readTables(root)).toEqual({ ipv4: null, ipv6: null, conntrack: null })
})
test('tables that fill up, as the kernel counts them on each processor', async () => {
  has(
    'net/stat/arp_cache',
    'entries  forced_gc_runs table_fulls\n0000001f 00000003 00000002\n0000001f 00000004 0000000a\n',
  )
  has('sys/net/ipv4/neigh/default/gc_thresh3', '1024\n')
  has('sys/net/netfilter/nf_conntrack_count', '900\n')
  has('sys/net/netfilter/nf_conntrack_max', '1000\n')
  has(
    'net/stat/nf_conntrack',
    'entries insert_failed drop early_drop\n00000384 00000009 00000001 00000002\n00000384 0 00000001 00000000\n',
  )
  expect(await readTables(root)).toEqual({
    ipv4: { count: 31, most: 1024, dropped: 12, sought: 7 },
    ipv6: null,
    conntrack: { count: 900, most: 1000, dropped: 4, sought: 0 },
  })
})
