import { HIGHEST_EPOCH, HIGHEST_NUMBER, type LeaseView, encodeState } from '@lvsm/protocol'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type * as FileSystem from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { LONGEST_LEASE_MS } from '@lvsm/base'
import { NEW_STATE } from '@lvsm/lease'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { FRESH } from '../../process/files.ts'
import { openState, setUp } from './state.ts'

/** Every call that reaches the disk, in order; `broken` names one that fails instead, for ever or `once`. */
const disk = vi.hoisted(() => ({ log: [] as string[], broken: '', once: false, held: Promise.resolve() }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>()
  const name = (path: string): string => path.split('/').at(-1) ?? ''
  const note = (call: string): void => {
    disk.log.push(call)
    if (disk.broken === '' || !call.startsWith(disk.broken)) return
    if (disk.once) disk.broken = ''
    throw new Error('no space left')
  }
  return {
    ...real,
    open: async (path: string, flags: string | number, mode: number) => {
      note(`open ${name(path)} ${flags === FRESH ? 'fresh' : flags} ${mode.toString(8)}`)
      const file = await real.open(path, flags, mode)
      return {
        writeFile: async (content: Uint8Array) => {
          note(`write ${name(path)}`)
          await disk.held
          return file.writeFile(content)
        },
        sync: async () => {
          note(`sync ${name(path)}`)
          return file.sync()
        },
        close: async () => {
          disk.log.push(`close ${name(path)}`)
          return file.close()
        },
      }
    },
    rename: async (from: string, to: string) => {
      note(`rename ${name(from)} ${name(to)}`)
      return real.rename(from, to)
    },
  }
})

const STATE = { limitMs: 350, highWater: 1007, standby: true }
const view: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
  epoch: 1,
  revision: 3,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: [{ name: 'dir1', voter: true, links: [{ name: 'inside', address: '10.12.0.1', port: 6940 }] }],
  groups: [
    {
      name: 'web',
      digest: '0011223344556677',
      directors: ['dir1'],
      addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' }],
    },
  ],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }],
  signWith: 1,
}
const failed = vi.fn<(error: Error) => void>()
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-state-'))
  failed.mockReset()
  Object.assign(disk, { log: [], broken: '', once: false, held: Promise.resolve() })
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const again = () => openState(directory, failed)
const saved = async (): Promise<void> => {
  const state = again()
  state.saveView(view)
  await state.save(STATE)
}
const file = (name: string): string => join(directory, name)
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
/** With the right sum: what a program wrote that is not this one. */
const forge = (name: string, content: Uint8Array): void =>
  writeFileSync(file(name), Buffer.concat([content, sha256(content)]))

test('what was saved is read again', async () => {
  await saved()
  expect(again()).toMatchObject({ state: STATE, view })
  expect([modeOf(file('lease.state')), modeOf(file('lease.view'))]).toEqual(['600', '600'])
})

test('missing files read as nothing known', () => {
  expect(again()).toMatchObject({ state: null, view: null })
})

test.each(['lease.state', 'lease.view'])(
  '%s cut anywhere, or with a byte changed anywhere, reads as nothing known',
  async (name) => {
    await saved()
    const path = file(name)
    const whole = readFileSync(path)
    const absent = { state: name === 'lease.state' ? null : STATE, view: name === 'lease.view' ? null : view }
    const step = Math.ceil(whole.length / 24)
    for (let size = 0; size < whole.length; size += step) {
      truncateSync(path, size)
      expect(again()).toMatchObject(absent)
      writeFileSync(path, whole)
    }
    for (let at = 0; at < whole.length; at += step) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      writeFileSync(path, damaged)
      expect(again()).toMatchObject(absent)
    }
  },
)

test.each([
  ['another version', encodeState(STATE).with(0, 2)],
  ['a byte more', Buffer.concat([encodeState(STATE), Buffer.alloc(1)])],
  ['a lease longer than any', encodeState({ ...STATE, limitMs: LONGEST_LEASE_MS + 1 })],
  ['a negative lease', encodeState({ ...STATE, limitMs: -1 })],
  ['a lease without end', encodeState({ ...STATE, limitMs: Number.POSITIVE_INFINITY })],
  ['an epoch of zero', encodeState({ ...STATE, epoch: 0 })],
  ['an epoch above all', encodeState({ ...STATE, epoch: HIGHEST_EPOCH + 1 })],
  ['a number above all', encodeState({ ...STATE, highWater: HIGHEST_NUMBER + 1 })],
  ['nothing', new Uint8Array()],
])('a state with %s is lost', (_, content) => {
  forge('lease.state', content)
  expect(again().state).toBeNull()
})
test.each([
  ['the longest lease', { ...STATE, limitMs: LONGEST_LEASE_MS }],
  ['the highest number', { ...STATE, highWater: HIGHEST_NUMBER }],
  ['none lent yet', NEW_STATE],
])('a state with %s is kept', (_, state) => {
  forge('lease.state', encodeState(state))
  expect(again().state).toEqual(state)
})
test.each([
  ['lease.state', Uint8Array.of(2, 7), 'lvsm-lease that is too new for this one (version 2 of the file)'],
  ['lease.view', Uint8Array.of(0), 'lvsm-lease that is too old for this one (version 0 of the file)'],
])(
  '%s of another version counts as lost, says so, and is kept aside once a new one is written',
  async (name, content, words) => {
    forge(name, content)
    const before = readFileSync(file(name))
    const state = again()
    expect(state).toMatchObject({ state: null, view: null })
    expect(state.strange).toEqual([expect.stringContaining(words)])
    expect(readFileSync(file(name))).toEqual(before)
    state.saveView(view)
    await state.save(STATE)
    expect(readFileSync(`${file(name)}.version-${content[0]}`)).toEqual(before)
    expect(again()).toMatchObject({ state: STATE, view, strange: [] })
  },
)
test('a state that cannot be put aside is not written over', async () => {
  forge('lease.state', Uint8Array.of(2))
  const state = again()
  disk.broken = 'rename lease.state lease.state.version-2'
  await expect(state.save(STATE)).rejects.toThrow('no space left')
  expect(readFileSync(file('lease.state'))[0]).toBe(2)
  disk.broken = ''
  await state.save(STATE)
  expect(readFileSync(file('lease.state.version-2'))[0]).toBe(2)
})
test('a state that somebody else has moved aside is written all the same', async () => {
  forge('lease.state', Uint8Array.of(2))
  const state = again()
  rmSync(file('lease.state'))
  await state.save(STATE)
  expect(again().state).toEqual(STATE)
})
test('a view that is none is not known', () => {
  forge('lease.view', Buffer.from('view'))
  expect(again().view).toBeNull()
})

describe('a write', () => {
  test('is on the disk for certain: file, then name, then directory, and none of it left out', async () => {
    await again().save({ ...STATE, standby: false })
    expect(disk.log).toEqual([
      'open lease.state.new fresh 600',
      'write lease.state.new',
      'sync lease.state.new',
      'close lease.state.new',
      'rename lease.state.new lease.state',
      `open ${basename(directory)} r 600`,
      `sync ${basename(directory)}`,
      `close ${basename(directory)}`,
    ])
  })

  test.each(['open lease.state.new', 'write', 'sync lease.state.new', 'rename', 'open lvsm', 'sync lvsm'])(
    'that fails at "%s" is told, and the next one works',
    async (broken) => {
      const state = again()
      await state.save({ ...STATE, highWater: 1 })
      disk.broken = broken
      await expect(state.save(STATE)).rejects.toThrow('no space left')
      disk.broken = ''
      // Whatever was reached: one of the two, whole.
      expect([1, STATE.highWater]).toContain(again().state?.highWater)
      await state.save({ ...STATE, highWater: 2 })
      expect(again().state?.highWater).toBe(2)
      const [opened, closed] = ['open', 'close'].map((call) => disk.log.filter((line) => line.startsWith(call)).length)
      expect(closed).toBe((opened ?? 0) - (broken.startsWith('open') ? 1 : 0))
      expect(failed).not.toHaveBeenCalled()
    },
  )

  test('before the rename, what was there is there', async () => {
    await again().save(STATE)
    disk.broken = 'rename'
    await expect(again().save({ ...STATE, limitMs: 1 })).rejects.toThrow('no space left')
    expect(again().state).toEqual(STATE)
  })

  test('waits for the one before, of whichever file, and the last one stands', async () => {
    const release = Promise.withResolvers<void>()
    disk.held = release.promise
    const state = again()
    state.saveView(view)
    const writes = [1, 2, 3].map((highWater) => state.save({ ...STATE, highWater }))
    await eventually(() => expect(disk.log).toContain('write lease.view.new'))
    expect(disk.log.filter((line) => line.startsWith('write'))).toHaveLength(1)
    release.resolve()
    await Promise.all(writes)
    const order = disk.log.filter((line) => /^(write|rename)/.test(line)).map((line) => line.split(' ')[0])
    expect(order).toEqual(['write', 'rename', 'write', 'rename', 'write', 'rename', 'write', 'rename'])
    expect(again()).toMatchObject({ state: { highWater: 3 }, view })
  })
})

describe('a view that cannot be written', () => {
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const writes = (): number => disk.log.filter((line) => line.startsWith('write lease.view')).length
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await settled()
  }

  test('is told each time and tried again each second, until it is kept', async () => {
    const state = again()
    disk.broken = 'sync lease.view'
    state.saveView(view)
    for (let times = 1; times <= 3; times++) {
      await until(() => failed.mock.calls.length === times)
      expect(writes()).toBe(times)
      vi.advanceTimersByTime(999)
      await settled()
      expect(writes()).toBe(times)
      if (times === 3) disk.broken = ''
      vi.advanceTimersByTime(1)
    }
    await until(() => again().view !== null)
    expect(failed.mock.calls[0]?.[0].message).toBe('no space left')
    await settled()
    vi.advanceTimersByTime(5000)
    await settled()
    expect(writes()).toBe(4)
    expect(failed).toHaveBeenCalledTimes(3)
  })

  test('does not come back over a newer one, which waited for its turn meanwhile', async () => {
    const state = again()
    const release = Promise.withResolvers<void>()
    Object.assign(disk, { broken: 'sync lease.view', once: true, held: release.promise })
    state.saveView(view)
    await until(() => writes() === 1)
    state.saveView({ ...view, revision: 4 })
    release.resolve()
    await until(() => failed.mock.calls.length === 1)
    await until(() => again().view !== null)
    vi.advanceTimersByTime(5000)
    await state.save(STATE)
    await settled()
    expect(again().view?.revision).toBe(4)
    expect(writes()).toBe(2)
  })

  test.each(['before it is tried again', 'while it waits for its turn'])(
    'does not come back over one that was written with the state, %s',
    async (when) => {
      const state = again()
      const release = Promise.withResolvers<void>()
      if (when.startsWith('before')) Object.assign(disk, { broken: 'sync lease.view', once: true })
      else disk.held = release.promise
      state.saveView(view)
      if (when.startsWith('before')) await until(() => failed.mock.calls.length === 1)
      else state.saveView({ ...view, revision: 33 })
      const kept = state.save({ ...STATE, epoch: 2 }, { ...view, epoch: 2, revision: 4, followed: true })
      release.resolve()
      await kept
      vi.advanceTimersByTime(5000)
      await state.save(STATE)
      expect(again().view).toMatchObject({ epoch: 2, revision: 4 })
    },
  )

  test('of many that come while the disk stalls only the newest is written, and the state waits for no other', async () => {
    const release = Promise.withResolvers<void>()
    disk.held = release.promise
    const state = again()
    state.saveView(view)
    await until(() => writes() === 1)
    for (let revision = 4; revision < 100; revision++) state.saveView({ ...view, revision })
    const kept = state.save(STATE)
    release.resolve()
    await kept
    expect(writes()).toBe(2)
    expect(again()).toMatchObject({ state: STATE, view: { revision: 99 } })
  })

  test('gives way to a newer one while it waits', async () => {
    const state = again()
    disk.broken = 'sync lease.view'
    state.saveView(view)
    await until(() => failed.mock.calls.length === 1)
    disk.broken = ''
    state.saveView({ ...view, revision: 4 })
    vi.advanceTimersByTime(5000)
    await state.save(STATE)
    expect(again().view?.revision).toBe(4)
    expect(writes()).toBe(2)
  })

  test('is let go when the process ends, also while it is being tried', async () => {
    const state = again()
    disk.broken = 'sync lease.view'
    state.saveView(view)
    await until(() => failed.mock.calls.length === 1)
    state.close()
    expect(vi.getTimerCount()).toBe(0)
    state.saveView(view)
    state.close()
    await until(() => failed.mock.calls.length === 2)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a directory that somebody removed is made again by the next write', async () => {
  const state = again()
  await state.save(STATE)
  rmSync(directory, { recursive: true })
  await state.save({ ...STATE, standby: false })
  expect(again().state).toEqual({ ...STATE, standby: false })
  expect(modeOf(directory)).toBe('750')
})

describe('setting a node up', () => {
  test('says that it never lent anything, also in a directory that is not there yet', async () => {
    const fresh = join(directory, 'var', 'lvsm')
    expect(await setUp(fresh)).toBe('fresh')
    expect(openState(fresh, failed).state).toEqual(NEW_STATE)
    expect(modeOf(fresh)).toBe('750')
  })
  test.each([
    ['a state', () => forge('lease.state', encodeState(STATE))],
    ['a damaged one', () => writeFileSync(file('lease.state'), 'damaged')],
    ['an empty one', () => writeFileSync(file('lease.state'), '')],
  ])('leaves %s alone', async (_, put) => {
    put()
    const before = readFileSync(file('lease.state'))
    expect(await setUp(directory)).toBe('kept')
    expect(readFileSync(file('lease.state'))).toEqual(before)
  })
  test('does not take a node that lost its state for a new one: its view shows that it took part', async () => {
    const state = again()
    state.saveView(view)
    await state.save(STATE)
    rmSync(file('lease.state'))
    expect(await setUp(directory)).toBe('lost')
    expect(again()).toMatchObject({ state: null, view })
  })
  test('where nobody can tell whether there is a state, none is made', async () => {
    writeFileSync(file('x'), '')
    await expect(setUp(file('x'))).rejects.toThrow()
    mkdirSync(file('lease.state'))
    expect(await setUp(directory)).toBe('kept')
  })
  test('that cannot be written is told', async () => {
    disk.broken = 'rename'
    await expect(setUp(directory)).rejects.toThrow('no space left')
    mkdirSync(file('x'))
    await expect(setUp(join(file('x'), 'y'))).rejects.toThrow()
  })
})
