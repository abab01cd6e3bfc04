/** What a node says of a verdict beside the verdict: what it is made of, why one that fails stays, and that one is full. */
import { SAMPLE } from '@lvsm/model'
import { decodeMessage, type DestinationReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const RS1 = '10.11.0.11:80'
const RS2 = '10.11.0.12:80'

/** Owner of the sample's group, whose service has two realservers more that are asked. */
function owner(text = SAMPLE): TestNode {
  const dir1 = node('dir1', undefined, text)
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  return dir1
}
const rowOf = (one: TestNode, key: string) =>
  one.core
    .status(one.now())
    .services.flatMap(({ realservers }) => realservers)
    .find(({ address, port }) => `${address}:${port}` === key)
/** Newest first. */
const told = (one: TestNode, key: string): DestinationReport | undefined =>
  one
    .take('message')
    .toReversed()
    .flatMap(({ text }) => {
      const decoded = decodeMessage(text)
      return decoded.ok && decoded.message.kind === 'tables' ? Object.values(decoded.message.services).flat() : []
    })
    .find((one) => one.key === key)

describe('a verdict', () => {
  it('made of answers says no more', () => {
    const row = rowOf(owner(), RS1)
    expect(row).toMatchObject({ healthy: true })
    expect(row).not.toHaveProperty('basis')
    expect(row).not.toHaveProperty('kept')
  })
  it('of one that no check asks says so, here and to the others', () => {
    const dir1 = owner(SAMPLE.replace(/check: \{[^}]*\}/, 'check: { type: none }'))
    expect(rowOf(dir1, RS1)).toMatchObject({ healthy: true, basis: 'no-check' })
    expect(told(dir1, RS1)).toMatchObject({ healthy: true, basis: 'no-check' })
  })
  it('of one that fails and stays says why, here and to the others', () => {
    const dir1 = owner()
    dir1.alive.clear()
    dir1.take('message')
    goesOn(dir1, 8000, statusOf('dir1', 'dir1'))
    expect(rowOf(dir1, RS1)).toMatchObject({
      healthy: false,
      kept: 'last',
      reason: expect.stringMatching(/nobody else/),
    })
    expect(rowOf(dir1, RS1)?.weight).toBeGreaterThan(0)
    expect(told(dir1, RS1)).toMatchObject({ healthy: false, kept: 'last' })
  })
})

describe('one that is full', () => {
  const LIMITED = SAMPLE.replaceAll(/(address: 10\.11\.0\.1[12], )/g, '$1upper-threshold: 100, lower-threshold: 50, ')
  const connect = (one: TestNode, active: number): void => {
    const { services } = one.kern.state
    one.kern.state.services = services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => ({ ...dest, active })),
    }))
    goesOn(one, 3000, statusOf('dir1', 'dir1'))
  }
  it('is so until it is under its lower threshold, as the kernel has it', () => {
    const dir1 = owner(LIMITED)
    const full = [99, 100, 99, 50, 49, 99].map((active) => {
      connect(dir1, active)
      return rowOf(dir1, RS2)?.full ?? false
    })
    expect(full).toEqual([false, true, true, true, false, false])
  })
})
