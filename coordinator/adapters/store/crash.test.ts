/** Processes that are killed, logs that end anywhere, bytes that flip: refused, or nothing of what was acknowledged is missing. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { seededRandom } from '@lvsm/base'
import { describe, expect, it } from 'vitest'
import { directory, founded, MEMORY, opened, stateOf, written } from './fixture.ts'
import { scriptOf } from './fixture-register.ts'
import { markOf } from './mark.ts'

const CHILD = join(import.meta.dirname, 'fixture-child.ts')
const FRAME = 24 + 4096

describe('SIGKILL', () => {
  it('in the midst of writes, again and again, loses nothing that was acknowledged', async () => {
    const path = founded()
    const random = seededRandom(4)
    let acknowledged = 1
    for (let life = 0; life < 15; life++) {
      const child = spawn(process.execPath, [CHILD, path, 'run'], { stdio: ['ignore', 'pipe', 'inherit'] })
      const gone = once(child, 'exit')
      const most = acknowledged + 1 + Math.floor(random.next() * 60)
      for await (const line of createInterface(child.stdout)) {
        expect(Number(line)).toBe(acknowledged + 1)
        acknowledged += 1
        // Lines that it had written before that are read to their end.
        if (acknowledged === most) child.kill('SIGKILL')
      }
      await gone
      const state = stateOf(path)
      if (typeof state === 'string') throw new Error(state)
      expect(state.last).toBeGreaterThanOrEqual(acknowledged)
      expect(state.last).toBeLessThanOrEqual(acknowledged + 4)
      acknowledged = state.last
    }
    expect(acknowledged).toBeGreaterThan(100)
  })
})

interface Image {
  readonly database: Buffer
  readonly log: Buffer
  /** After each write: how long the log was, and the mark. */
  readonly points: readonly { readonly size: number; readonly mark: Buffer }[]
}

/** The files as they are when the machine stops behind write `upTo`. */
async function imageOf(upTo: number): Promise<Image> {
  const path = founded()
  const store = await opened(path)
  const points = [{ size: 0, mark: readFileSync(markOf(path)) }]
  for (let index = 2; index <= upTo; index++) {
    await written(store, scriptOf(store.identity, index))
    points.push({ size: statSync(`${path}-wal`).size, mark: readFileSync(markOf(path)) })
  }
  const image = { database: readFileSync(path), log: readFileSync(`${path}-wal`), points }
  await store.close()
  return image
}

class Place {
  readonly path = join(directory(MEMORY), 'coordinator.db')

  look(database: Buffer, log: Buffer | null, mark: Buffer): ReturnType<typeof stateOf> {
    rmSync(`${this.path}-wal`, { force: true })
    writeFileSync(this.path, database, { mode: 0o600 })
    if (log) writeFileSync(`${this.path}-wal`, log, { mode: 0o600 })
    writeFileSync(markOf(this.path), mark, { mode: 0o600 })
    return stateOf(this.path)
  }
}
const LATEST = Buffer.alloc(0)

describe('a write-ahead log that ends early', async () => {
  it('at a frame or inside of one, is read up to its last whole write, and that holds all that was acknowledged', async () => {
    const { database, log, points } = await imageOf(22)
    const place = new Place()
    const frames = (log.length - 32) / FRAME
    expect(Number.isInteger(frames) && frames > 60).toBe(true)
    for (let frame = 0; frame <= frames; frame++)
      for (const inside of [0, 1, 12, 24, 600, FRAME - 1]) {
        const cut = Math.min(log.length, 32 + frame * FRAME + inside)
        const acknowledged = points.findLastIndex(({ size }) => size <= cut)
        const mark = points[acknowledged]?.mark ?? LATEST
        const state = place.look(database, log.subarray(0, cut), mark)
        expect(state, `cut at ${cut}`).toEqual({ last: acknowledged + 1, whole: true })
      }
  })
  it('before what was acknowledged, or is gone, is refused', async () => {
    const { database, log, points } = await imageOf(12)
    const mark = points.at(-1)?.mark ?? LATEST
    const place = new Place()
    expect(place.look(database, log, mark)).toEqual({ last: 12, whole: true })
    expect(place.look(database, log.subarray(0, log.length - 1), mark)).toBe('store-behind')
    expect(place.look(database, null, mark)).toBe('store-behind')
    expect(place.look(database, log, mark.subarray(1))).toBe('store-damaged')
  })
})

describe('a flipped bit', () => {
  const flips = (bytes: Buffer, count: number, seed: number): { at: number; flipped: Buffer }[] => {
    const random = seededRandom(seed)
    return Array.from({ length: count }, (_, one) => {
      const at = one < 100 ? one : Math.floor(random.next() * bytes.length)
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random.next() * 8))
      return { at, flipped }
    })
  }
  it('in the write-ahead log is refused or changes nothing', async () => {
    const { database, log, points } = await imageOf(22)
    const mark = points.at(-1)?.mark ?? LATEST
    const place = new Place()
    let refused = 0
    for (const { at, flipped } of flips(log, 400, 1)) {
      const state = place.look(database, flipped, mark)
      if (typeof state === 'string') refused += 1
      else expect(state, `byte ${at}`).toEqual({ last: 22, whole: true })
    }
    expect(refused).toBeGreaterThan(300)
  })
  it('in the database is refused or changes nothing', async () => {
    const path = founded()
    const store = await opened(path)
    for (let index = 2; index <= 60; index++) await written(store, scriptOf(store.identity, index))
    await store.close()
    const mark = readFileSync(markOf(path))
    const place = new Place()
    let refused = 0
    for (const { at, flipped } of flips(readFileSync(path), 700, 2)) {
      const state = place.look(flipped, null, mark)
      if (typeof state === 'string') refused += 1
      else expect(state, `byte ${at}`).toEqual({ last: 60, whole: true })
    }
    expect(refused).toBeGreaterThan(300)
  })
})

/** Memory as a disk, in a mount namespace of its own: root. */
describe.runIf(process.geteuid?.() === 0)('a file system without room', () => {
  it('is a full disk, and after room was made the same writes succeed', () => {
    const path = founded()
    const disk = directory()
    const [database, ballast] = [join(disk, 'coordinator.db'), join(disk, 'ballast')]
    const steps = [
      `mount -t tmpfs -o size=900k,mode=0755 tmpfs '${disk}'`,
      `head -c 400000 /dev/zero > '${ballast}'`,
      `cp '${path}' '${path}.acknowledged' '${disk}/'`,
      `'${process.execPath}' '${CHILD}' '${database}' run '${ballast}'`,
      `cp '${disk}'/coordinator.db* '${join(path, '..')}/'`,
    ]
    const out = execFileSync('unshare', ['--mount', 'sh', '-ec', steps.join('\n')], { encoding: 'utf8' })
    const lines = out.trim().split('\n')
    const full = lines.indexOf('full')
    expect(full).toBeGreaterThan(3)
    expect(lines.slice(full + 1)).toEqual(Array.from({ length: 10 }, (_, at) => String(full + 2 + at)))
    const state = stateOf(path)
    expect(typeof state === 'string' ? state : state.last).toBeGreaterThanOrEqual(full + 11)
  })
})
