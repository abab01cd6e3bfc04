import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { type Edit, edited, refusalsOf } from '../fixture.ts'

const on = (lines: string): Edit => ['revision: 1', `revision: 1\n${lines}`]

describe('the listener for metrics and health', () => {
  it('is off by default', () => expect(checkConfig(edited()).config?.monitoring).toBeNull())
  it('is at the first link of each node, or at the one that is named', () => {
    expect(checkConfig(edited(on('monitoring-port: 9464'))).config?.monitoring).toEqual({ port: 9464, link: null })
    const named = checkConfig(edited(on('monitoring-port: 9464\nmonitoring-link: inside'))).config
    expect(named?.monitoring).toEqual({ port: 9464, link: 'inside' })
  })
  it('for HAProxy is another port of the same link', () => {
    expect(checkConfig(edited()).config?.agentCheck).toBeNull()
    const { monitoring, agentCheck } = checkConfig(edited(on('agent-port: 9465\nmonitoring-link: inside'))).config ?? {}
    expect([monitoring, agentCheck]).toEqual([null, { port: 9465, link: 'inside' }])
  })
  it.each<[string, string, RegExp]>([
    ['of a port that needs rights', 'monitoring-port: 80', /bad-port/],
    ['of a port that is none', 'monitoring-port: 70000', /out-of-range 70000/],
    ['of a port of the coordinators', 'monitoring-port: 7445', /port-in-use/],
    ['of a link without a port', 'monitoring-link: inside', /missing/],
    ['of a link that some node has not', 'monitoring-port: 9464\nmonitoring-link: outside', /unknown-link/],
    ['where a realserver serves', 'monitoring-port: 8080', /port-in-use/],
    ['for HAProxy of a port that needs rights', 'agent-port: 80', /bad-port/],
    ['for HAProxy where a realserver serves', 'agent-port: 8080', /port-in-use/],
    ['for HAProxy of a port of the coordinators', 'monitoring-port: 9464\nagent-port: 7446', /port-in-use/],
    ['for both of one port', 'monitoring-port: 9464\nagent-port: 9464', /where HTTP is spoken/],
  ])('%s is refused, once', (_, lines, what) => {
    const refusals = refusalsOf(edited(on(lines)))
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatch(what)
  })
})
