import type { OwnArrival } from '@lvsm/model'
import { expect, test } from 'vitest'
import type { FoundSocket } from './listening.ts'
import {
  crowdedPorts,
  isStopped,
  NOBODY_STOPPED,
  perhapsStopped,
  stoppedNow,
  type StoppedServers,
  stoppedTroubles,
} from './stopped.ts'

const ARRIVAL: OwnArrival = { service: 'http', protocol: 'tcp', address: '10.11.0.10', port: 80, own: '10.11.0.12' }
const socket = (stopped?: FoundSocket['stopped'], queue = 3): FoundSocket => ({
  ...{ protocol: 'tcp', address: '0.0.0.0', port: 80, onlyV6: false, queue, most: 64 },
  ...(stopped ? { stopped } : {}),
})
const nginx = { programs: [{ pid: 412, name: 'nginx' }], sure: true }
const vim = { programs: [{ pid: 812, name: 'vim' }], sure: false }
type Looks = (readonly FoundSocket[] | null)[]
const after = (...looks: Looks): StoppedServers => of([ARRIVAL], looks)
const of = (arrivals: readonly OwnArrival[], looks: Looks): StoppedServers =>
  looks.reduce<StoppedServers>((before, found) => stoppedNow(before, arrivals, found), NOBODY_STOPPED)
const said = (...looks: Looks) => stoppedTroubles(after(...looks), 'rs2', () => 'critical')

test('a server that is stopped at two looks is told with its process, and what lets it go on', () => {
  expect(said([socket(nginx)])).toEqual([])
  expect(said([socket(nginx)], [socket(nginx)])).toMatchObject([
    {
      ...{ code: 'stopped-process', object: 'service http' },
      message: expect.stringContaining('nginx (process 412), is stopped (state T): who connects'),
      hint: expect.stringMatching(/kill -CONT 412$/),
    },
  ])
  expect(said([socket(nginx)], [socket(nginx)], [socket()]), 'it goes on').toEqual([])
  expect(said([socket(nginx)], [socket(nginx)], null), 'nobody sees it').toEqual([])
})
test('one that is frozen with its control group is told so, with what thaws it', () => {
  const by = (frozen: string): FoundSocket['stopped'] => ({
    programs: [{ pid: 412, name: 'nginx', frozen }],
    sure: true,
  })
  const told = (file: string) => said([socket(by(file))], [socket(by(file))])[0]
  const file = '/sys/fs/cgroup/system.slice/docker-1.scope/cgroup.freeze'
  expect(told(file)).toMatchObject({
    message: expect.stringContaining('nginx (process 412), is frozen with its control group: who connects'),
    evidence: `${file}: 1; ss -ltn: 3 wait at 10.11.0.10:80`,
    hint: `on rs2: docker unpause, where a container was paused; else: echo 0 >${file}`,
  })
  expect(told('/sys/fs/cgroup/freezer/one/freezer.state')?.hint).toContain('echo THAWED >/sys/fs/cgroup/freezer/one/')
})
test('each service of a server that stands behind several is told', () => {
  const two = [ARRIVAL, { ...ARRIVAL, service: 'https' }]
  const servers = of(two, [[socket(nginx)], [socket(nginx)]])
  expect(stoppedTroubles(servers, 'rs1', () => 'critical').map(({ object }) => object)).toEqual([
    'service http',
    'service https',
  ])
  expect(two.map((arrival) => isStopped(servers, arrival))).toEqual([true, true])
})
test('where somebody was accepted in between, it is not stopped', () => {
  expect(said([socket(nginx, 4)], [socket(nginx, 3)])).toEqual([])
  expect(said([socket(nginx, 4)], [socket(nginx, 4)], [socket(nginx, 5)])).toHaveLength(1)
})
test('a program that is stopped and not known to be the server is no trouble, hides none, and is evidence for a full queue', () => {
  const looks = [[socket(vim, 65)], [socket(vim, 65)], [socket(vim, 65)]]
  expect(said(...looks)).toEqual([])
  expect(isStopped(after(...looks), ARRIVAL)).toBe(false)
  expect(perhapsStopped(after(...looks), ARRIVAL)).toMatch(/^stopped .*, and perhaps that server: vim \(process 812\)$/)
  expect(perhapsStopped(after([socket()]), ARRIVAL)).toBe('')
})
test('a full queue of that place is explained by it, and of no other', () => {
  expect(isStopped(after([socket(nginx)], [socket(nginx)]), ARRIVAL)).toBe(true)
  expect(isStopped(after([socket(nginx)]), ARRIVAL)).toBe(false)
  expect(isStopped(after([socket(nginx)], [socket(nginx)]), { ...ARRIVAL, address: '10.11.0.99' })).toBe(false)
})
test('where others at that place accept, not everybody waits for nothing, and it explains no queue of all', () => {
  const looks = [
    [socket(nginx), socket()],
    [socket(nginx), socket()],
  ]
  expect(said(...looks)[0]?.message).toContain('whoever is given to it waits in vain')
  expect(isStopped(after(...looks), ARRIVAL)).toBe(false)
})
test('who stands behind a queue is asked only where it stood at two looks, and nobody was accepted', () => {
  expect(crowdedPorts(after([socket()]))).toEqual([])
  expect(crowdedPorts(after([socket()], [socket()]))).toEqual([80])
  expect(crowdedPorts(after([socket()], [socket(undefined, 2)]))).toEqual([])
  expect(crowdedPorts(after([socket()], [socket(undefined, 0)]))).toEqual([])
})
