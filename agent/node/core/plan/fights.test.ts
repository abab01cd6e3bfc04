import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf } from '../fixture.ts'

test('timeouts of IPVS that somebody sets again and again against the configuration are fought over, with what was found', () => {
  const dir1 = node('dir1', undefined, `tcp-timeout: 600s\n${SAMPLE}`)
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  const fought = () => dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'fought-over')
  for (let time = 0; time < 3; time++) {
    expect(dir1.kern.state.timeouts.tcp).toBe(600)
    expect(fought()).toEqual([])
    dir1.kern.state.timeouts = { tcp: 60, tcpFin: 120, udp: 300 }
    dir1.feed({ kind: 'changed' })
    goesOn(dir1, 2000, statusOf('dir1', 'dir1'))
  }
  expect(fought()).toMatchObject([
    {
      severity: 'critical',
      message: 'somebody changes the timeouts of IPVS again and again, and it is put back each time',
      evidence: expect.stringContaining('found last: tcp 60 s'),
      hint: expect.stringContaining('ipvsadm in a script'),
    },
  ])
})

test.each([31, 60, 300])(
  'an owner whose table somebody empties every %i s by a timer is told so, until that stays away',
  (every) => {
    const dir1 = node('dir1')
    dir1.feed({ kind: 'lease-up' })
    goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
    const fought = () => dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'fought-over')
    const lives = (seconds: number) => goesOn(dir1, seconds * 1000, statusOf('dir1', 'dir1'))
    for (let time = 0; time < 3; time++) {
      expect(fought()).toEqual([])
      const [service] = dir1.kern.state.services
      if (service) dir1.kern.state.services[0] = { ...service, dests: [] }
      dir1.feed({ kind: 'changed' })
      lives(time < 2 ? every : 5)
    }
    expect(fought()[0]).toMatchObject({
      severity: 'critical',
      evidence: expect.stringContaining('at intervals of about'),
    })
    lives(every)
    expect(fought()[0]).not.toHaveProperty('pastMs')
    lives(2 * every)
    expect(fought()).toEqual([])
  },
)
