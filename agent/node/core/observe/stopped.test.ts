import type { OwnArrival } from '@lvsm/model'
import { expect, test } from 'vitest'
import type { FoundSocket } from './listening.ts'
import { isStopped, NOBODY_STOPPED, stoppedNow, type StoppedServers, stoppedTroubles } from './stopped.ts'

const ARRIVAL: OwnArrival = { service: 'http', protocol: 'tcp', address: '10.11.0.10', port: 80, own: '10.11.0.12' }
const socket = (stopped?: FoundSocket['stopped']): FoundSocket => ({
  ...{ protocol: 'tcp', address: '0.0.0.0', port: 80, onlyV6: false, queue: 3, most: 64 },
  ...(stopped ? { stopped } : {}),
})
const nginx = { pid: 412, name: 'nginx', sure: true }
type Looks = (readonly FoundSocket[] | null)[]
const after = (...looks: Looks): StoppedServers =>
  looks.reduce<StoppedServers>((before, found) => stoppedNow(before, [ARRIVAL], found), NOBODY_STOPPED)
const said = (...looks: Looks) => stoppedTroubles(after(...looks), 'rs2')

test('a server that is stopped at two looks is told with its process, and what lets it go on', () => {
  expect(said([socket(nginx)])).toEqual([])
  expect(said([socket(nginx)], [socket(nginx)])).toMatchObject([
    {
      ...{ code: 'stopped-process', object: 'service http' },
      message: expect.stringContaining('nginx (process 412), is stopped (state T)'),
      hint: expect.stringMatching(/kill -CONT 412$/),
    },
  ])
  expect(said([socket(nginx)], [socket(nginx)], [socket()]), 'it goes on').toEqual([])
  expect(said([socket(nginx)], [socket(nginx)], null), 'nobody sees it').toEqual([])
})
test('where it cannot be seen whose the socket is, no more is said than that', () => {
  const perhaps = [socket({ ...nginx, sure: false })]
  expect(said(perhaps, perhaps)[0]?.message).toMatch(/is stopped \(state T\): it may be that server$/)
})
test('a full queue of that service is explained by it', () => {
  const full = { code: 'accepts-nobody', severity: 'critical', message: '', hint: '', object: 'service http' } as const
  expect(isStopped(after([socket(nginx)], [socket(nginx)]), full)).toBe(true)
  expect(isStopped(after([socket(nginx)]), full)).toBe(false)
  expect(isStopped(after([socket(nginx)], [socket(nginx)]), { ...full, object: 'service ftp' })).toBe(false)
})
