/**
 * What every fence does, be it the kernel's, the one in memory or the simulator's (fence.md, row 5): on this the laws of
 * the simulator rest.
 */
import { expect, test } from 'vitest'
import type { FenceOp } from '../../agent/lease/core/events.ts'

export interface Fenced {
  /** Both parts of one group; true when the kernel took it. */
  apply(op: FenceOp, timeoutMs: number): boolean
  isOpen(): boolean
  /** The tables anew; true when the group was carried for so long. 0: it is not to be. */
  rebuild(timeoutMs: number): boolean
  /** Lets time go by. */
  pass(ms: number): Promise<void>
}

export function elementSuite(make: () => Fenced): void {
  test('is closed before it was opened, and cannot be renewed then', () => {
    const fence = make()
    expect(fence.isOpen()).toBe(false)
    expect(fence.apply('renew', 200)).toBe(false)
    expect(fence.isOpen()).toBe(false)
  })
  test('closes by itself', async () => {
    const fence = make()
    expect(fence.apply('open', 400)).toBe(true)
    expect(fence.isOpen()).toBe(true)
    await fence.pass(430)
    expect(fence.isOpen()).toBe(false)
  })
  test('a renewal extends it', async () => {
    const fence = make()
    fence.apply('open', 400)
    expect(fence.apply('renew', 3000)).toBe(true)
    await fence.pass(500)
    expect(fence.isOpen()).toBe(true)
  })
  test('a renewal shortens it too', async () => {
    const fence = make()
    fence.apply('open', 3000)
    expect(fence.apply('renew', 60)).toBe(true)
    await fence.pass(90)
    expect(fence.isOpen()).toBe(false)
  })
  test('a renewal that comes too late is refused and revives nothing', async () => {
    const fence = make()
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.apply('renew', 1000)).toBe(false)
    expect(fence.isOpen()).toBe(false)
  })
  test('is not opened twice', () => {
    const fence = make()
    expect(fence.apply('open', 3000)).toBe(true)
    expect(fence.apply('open', 3000)).toBe(false)
  })
  test('is opened again when it has run out', async () => {
    const fence = make()
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.apply('open', 3000)).toBe(true)
    expect(fence.isOpen()).toBe(true)
  })
  test('closing it works at any time', async () => {
    const fence = make()
    expect(fence.apply('close', 0)).toBe(true)
    fence.apply('open', 60)
    expect(fence.apply('close', 0)).toBe(true)
    expect(fence.isOpen()).toBe(false)
    expect(fence.apply('renew', 500)).toBe(false)
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.apply('close', 0)).toBe(true)
  })

  test('tables built anew are closed where nothing is carried', () => {
    const fence = make()
    fence.apply('open', 3000)
    fence.rebuild(0)
    expect(fence.isOpen()).toBe(false)
  })
  test('tables built anew carry over what is open, for as long as they are told', async () => {
    const fence = make()
    fence.apply('open', 500)
    expect(fence.rebuild(3000)).toBe(true)
    await fence.pass(600)
    expect(fence.isOpen()).toBe(true)
    expect(fence.apply('renew', 100)).toBe(true)
    await fence.pass(130)
    expect(fence.isOpen()).toBe(false)
  })
  test('tables built anew revive nothing that ran out', async () => {
    const fence = make()
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.rebuild(1000)).toBe(false)
    expect(fence.isOpen()).toBe(false)
    expect(fence.apply('open', 500)).toBe(true)
  })
}
