/** What a status comes to in words: what nobody told is never good, and the worst child is what its parent shows. */
import { isTold, type NodeReport, type RealserverReport, type Status } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { candidatesOf, groupSaid, nodeSaid, serverSaid, serviceSaid, standingOf, verdictOf } from './cluster.ts'
import { ILL, UNTOLD, WELL } from './fixture.ts'
import { asOfBefore, worst } from './tones.ts'

const nodeLike = (more: Partial<NodeReport>): NodeReport => ({ ...(WELL.nodes[0] as NodeReport), ...more })
const with_ = (status: Status, change: (node: NodeReport) => NodeReport): Status => ({
  ...status,
  nodes: status.nodes.map(change),
})
const http = (status: Status) => status.services[0] as Status['services'][number]
const mail = (status: Status) => status.groups[1] as Status['groups'][number]

describe('a node', () => {
  it.each<[Partial<NodeReport>, string, string]>([
    [{}, 'good', 'owner'],
    [{ state: 'unknown' }, 'unknown', 'unknown'],
    [{ agent: false }, 'unknown', 'owner'],
    [{ state: 'dead', agent: false }, 'bad', 'dead'],
    [{ state: 'late', agent: false }, 'warn', 'late'],
    [{ state: 'troubled' }, 'bad', 'troubled'],
    [{ state: 'standby', standby: true }, 'off', 'maintenance'],
    [{ standby: true }, 'off', 'owner'],
  ])('%j is %s: %s', (more, tone, text) => expect(nodeSaid(nodeLike(more))).toEqual({ tone, text }))
})

describe('a group', () => {
  it.each<[Partial<Status['groups'][number]>, string]>([
    [{}, 'good'],
    [{ state: 'nobody', owner: null }, 'bad'],
    [{ state: 'unknown', owner: null }, 'unknown'],
    [{ state: 'stopped', owner: null }, 'off'],
    [{ state: 'moving' }, 'warn'],
  ])('%j is %s', (more, tone) => expect(groupSaid({ ...mail(WELL), ...more }).tone).toBe(tone))
  it('says who could take it over, and why the others could not', () => {
    expect(candidatesOf(WELL, mail(WELL))).toEqual([{ node: 'dir1', tone: 'good', text: 'could take over' }])
    const taken = (could: boolean | null, more: Partial<NodeReport> = {}) =>
      candidatesOf(
        with_(WELL, (node) => (node.name === 'dir1' ? { ...node, ...more } : node)),
        { ...mail(WELL), takers: [{ node: 'dir1', could, reason: could === true ? '' : 'no IPVS' }] },
      )[0]
    expect(taken(false)).toEqual({ node: 'dir1', tone: 'bad', text: 'no IPVS' })
    expect(taken(null)).toMatchObject({ tone: 'unknown', text: 'no IPVS' })
    expect(taken(null, { agent: false })).toMatchObject({ tone: 'unknown' })
    expect(taken(false, { state: 'dead', agent: false })).toMatchObject({ tone: 'bad', text: 'dead' })
    expect(taken(false, { standby: true })).toMatchObject({ tone: 'off', text: 'under maintenance' })
    expect(candidatesOf({ ...WELL, nodes: [] }, mail(WELL))).toMatchObject([{ tone: 'unknown' }])
  })
  it('believes its word, as the head does, and not how its node is beside it', () => {
    const troubled = with_(WELL, (node) => (node.name === 'dir1' ? { ...node, state: 'troubled' } : node))
    expect(candidatesOf(troubled, mail(WELL))[0]).toMatchObject({ tone: 'good', text: 'could take over' })
    const { takers: _, ...older } = mail(WELL)
    expect(candidatesOf(troubled, older)[0]).toMatchObject({ tone: 'bad', text: 'troubled' })
  })
  it('and that the votes would not be there for one that is ready', () => {
    const few = with_(WELL, (node) => (node.voter && node.name !== 'dir1' ? { ...node, state: 'late' } : node))
    const status = {
      ...few,
      nodes: few.nodes.map((node) => (node.name === 'dir2' ? { ...node, state: 'owner' as const } : node)),
    }
    expect(candidatesOf(status, mail(WELL))[0]).toEqual({
      node: 'dir1',
      tone: 'warn',
      text: 'ready; but rs1 is late, rs3 is late, and mail is lost if dir2 dies: 3 of 4 voters must agree, and 1 would be left',
    })
    expect(standingOf(status, mail(WELL)).tone).toBe('warn')
  })
})

describe('a group that is owned', () => {
  const web = WELL.groups[0] as Status['groups'][number]
  const other = (could: boolean | null) => {
    const group = { ...web, takers: [{ node: 'dir2', could, reason: could === true ? '' : 'set to standby' }] }
    return standingOf({ ...WELL, groups: [group] }, group)
  }
  it('is well where somebody could take it over, or nobody is meant to', () => {
    expect(other(true)).toEqual({ tone: 'good', text: 'owned' })
    const alone = { ...web, directors: ['dir1'], takers: [] }
    expect(standingOf({ ...WELL, groups: [alone] }, alone).tone).toBe('good')
  })
  it('and that nobody could take over is a warning; not to know it is not well either', () => {
    expect(other(false)).toEqual({ tone: 'warn', text: 'owned; nobody could take web: dir2: set to standby' })
    expect(other(null).tone).toBe('unknown')
  })
})

describe('a realserver', () => {
  it.each<[Partial<RealserverReport>, boolean, string, string]>([
    [{}, true, 'good', 'healthy'],
    [{}, false, 'unknown', 'not known'],
    [{ healthy: null }, true, 'unknown', 'not checked'],
    [{ basis: 'no-check' }, true, 'off', 'not checked'],
    [{ basis: 'table' }, true, 'unknown', 'not checked'],
    [{ degraded: true }, true, 'warn', 'degraded'],
    [{ degraded: true, state: 'draining' }, true, 'off', 'draining'],
    [{ healthy: false }, true, 'bad', 'failed, kept'],
    [{ healthy: false, weight: 0 }, true, 'bad', 'failed'],
    [{ upper: 352 }, true, 'warn', 'full'],
    [{ backup: true }, true, 'warn', 'stands in'],
    [{ backup: true, weight: 0 }, true, 'good', 'in reserve'],
    [{ healthy: false, state: 'drained' }, true, 'off', 'drained'],
    [{ state: 'draining' }, false, 'unknown', 'to be drained'],
  ])('%j, told: %s, is %s: %s', (more, told, tone, text) =>
    expect(serverSaid({ ...(http(WELL).realservers[0] as RealserverReport), ...more }, told)).toEqual({ tone, text }),
  )
})

describe('a service', () => {
  it('is degraded where one of its realservers is, and its group is not blamed for that', () => {
    const realservers = http(WELL).realservers.map((one, at) => (at === 0 ? { ...one, degraded: true } : one))
    expect(serviceSaid(WELL, { ...http(WELL), realservers })).toEqual({ tone: 'warn', text: '1 degraded' })
  })
  it('is as the worst of its realservers, and says how many', () => {
    expect(serviceSaid(WELL, http(WELL))).toEqual({ tone: 'good', text: 'healthy' })
    expect(serviceSaid(ILL, http(ILL))).toEqual({ tone: 'bad', text: '1 failed' })
  })
  it('is as its group where that is not owned', () => {
    expect(serviceSaid(ILL, ILL.services[1] as never)).toEqual({ tone: 'bad', text: 'group mail: nobody owns it' })
    expect(serviceSaid(UNTOLD, http(UNTOLD))).toEqual({ tone: 'unknown', text: 'not known' })
  })
  it('is not known when its owner’s agent is silent, whatever was said before', () => {
    const silent = with_(WELL, (node) => ({ ...node, agent: node.name !== 'dir1' }))
    expect(isTold(silent, http(silent))).toBe(false)
    expect(serviceSaid(silent, http(silent)).tone).toBe('unknown')
    expect(serviceSaid(WELL, { ...http(WELL), told: false })).toEqual({ tone: 'unknown', text: 'not known' })
  })
  it('is as the head has it, where its realservers alone look better', () => {
    const full = http(WELL).realservers.map((one) => ({ ...one, upper: one.active + one.inactive }))
    const status = { ...WELL, services: [{ ...http(WELL), realservers: full }] }
    expect(verdictOf(status).text).toMatch(/^not served/)
    expect(serviceSaid(status, http(status))).toEqual({ tone: 'bad', text: 'not served: full' })
    const dead = { node: 'dir1', code: 'path-dead', severity: 'critical', object: 'service http' } as const
    const path = { ...WELL, troubles: [{ ...dead, message: 'no answer at rs1 (10.11.0.11:80)' }] }
    expect(verdictOf(path).text).toMatch(/^degraded/)
    expect(serviceSaid(path, http(path))).toEqual({ tone: 'bad', text: 'no answer at rs1 (10.11.0.11:80)' })
  })
  it('without realservers serves nobody', () =>
    expect(serviceSaid(WELL, { ...http(WELL), realservers: [] })).toEqual({ tone: 'bad', text: 'no realservers' }))
})

describe('the verdict', () => {
  it('is that of lvsm status, with its lines below', () => {
    expect(verdictOf(WELL)).toEqual({ tone: 'good', text: 'healthy', answers: [] })
    expect(verdictOf(ILL)).toEqual({
      tone: 'bad',
      text: 'not served; 3 critical troubles; dead: dir2; 3 warnings; maintenance: 1',
      answers: [
        { label: 'not served', texts: ['nobody owns mail (10.11.0.20): dir2 is silent, dir1 is not ready'] },
        { label: 'not serving', texts: ['http: rs2 failed (connection refused, 4 times)'] },
        { label: 'impaired', texts: ['dir1: the interface of 10.11.0.20 is not there'] },
        {
          label: 'cannot move',
          texts: ['nobody could take web: dir2: silent for 4.1 s'],
        },
        { label: 'not known', texts: [expect.stringMatching(/^how rs2 is /)] },
      ],
    })
  })
  it('counts warnings, where all else is well', () => {
    const troubles = [{ node: 'rs2', code: 'clock-differs', severity: 'warning', message: 'ahead' }] as const
    expect(verdictOf({ ...WELL, troubles })).toEqual({ tone: 'good', text: 'healthy; 1 warning', answers: [] })
  })
  it('is never good where something is not known', () => {
    const silent = with_(WELL, (node) => ({ ...node, agent: node.name !== 'rs1' }))
    const unknown = (text: RegExp) => [{ label: 'not known', texts: [expect.stringMatching(text)] }]
    expect(verdictOf(silent)).toMatchObject({ tone: 'unknown', answers: unknown(/^how rs1 is /) })
    expect(verdictOf(UNTOLD)).toMatchObject({ tone: 'unknown', text: expect.stringMatching(/^not known/) })
    const half = { ...WELL, groups: [{ ...mail(UNTOLD) }] }
    expect(verdictOf(half)).toMatchObject({ tone: 'unknown', answers: unknown(/^who owns mail /) })
  })
})

it('nothing is good that is old, and nothing at all is unknown', () => {
  expect(asOfBefore({ tone: 'good', text: 'healthy' })).toEqual({ tone: 'unknown', text: 'was: healthy' })
  expect(worst([])).toBe('unknown')
  expect(worst(['good', 'off', 'warn'])).toBe('warn')
})
