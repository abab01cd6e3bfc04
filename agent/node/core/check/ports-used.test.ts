import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { goesOn, node, statusOf } from '../fixture.ts'

const FULL = SAMPLE.replace('10.11.0.11, forward: dr', '10.11.0.11, port: 8080, forward: fullnat')

it('who has no ports left by full NAT is told before the kernel drops the first, and over with a margin', () => {
  const one = node('dir1', undefined, FULL)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  const told = (connections: number, owner = 'dir1') => {
    one.kern.state.services = one.kern.state.services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) =>
        dest.address === '10.11.0.11' ? { ...dest, active: connections - 1000, inactive: 1000 } : dest,
      ),
    }))
    goesOn(one, 2500, statusOf(owner, 'dir1'))
    return one.core
      .status(one.now())
      .troubles.filter(({ code }) => code === 'ports-full')
      .map(({ severity, message, object }) => [severity, message, object])
  }
  const said = (severity: string, how: string, used: number) => [
    [
      severity,
      `full NAT to rs1 (10.11.0.11:8080) is ${how} of ports: ${used} of 64512 connections that 10.11.0.1 can have there`,
      'node dir1',
    ],
  ]
  expect(told(50_000)).toEqual([])
  expect(told(52_000)).toEqual(said('warning', 'nearly out', 52_000))
  expect(told(63_000)).toEqual(said('critical', 'out', 63_000))
  expect(told(46_000)).toEqual(said('warning', 'nearly out', 46_000))
  expect(told(45_000)).toEqual([])
  expect(told(50_000)).toEqual([])
  expect(told(63_000, 'dir2'), 'the standby has none of its own').toEqual([])
})
