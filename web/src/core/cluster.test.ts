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
    [{ state: 'unknown' }, 'unknown', 'not known'],
    [{ agent: false }, 'unknown', 'owner, agent silent'],
    [{ state: 'dead', agent: false }, 'bad', 'dead'],
    [{ state: 'late', agent: false }, 'warn', 'late'],
    [{ state: 'troubled' }, 'bad', 'troubled'],
    [{ state: 'standby', standby: true }, 'off', 'standby, set to standby'],
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
    const saidOf = (more: Partial<NodeReport>) =>
      candidatesOf(
        with_(WELL, (node) => (node.name === 'dir1' ? { ...node, ...more } : node)),
        mail(WELL),
      )[0]
    expect(saidOf({ agent: false })).toMatchObject({ tone: 'unknown' })
    const taken = (could: boolean | null) =>
      candidatesOf(WELL, { ...mail(WELL), takers: [{ node: 'dir1', could, reason: 'no IPVS' }] })[0]
    expect(taken(false)).toEqual({ node: 'dir1', tone: 'bad', text: 'no IPVS' })
    expect(taken(null)).toMatchObject({ tone: 'unknown', text: 'no IPVS' })
    expect(saidOf({ state: 'unknown' })).toMatchObject({ tone: 'unknown' })
    expect(saidOf({ state: 'dead', agent: false })).toMatchObject({ tone: 'bad', text: 'dead' })
    expect(saidOf({ standby: true })).toMatchObject({ tone: 'off', text: 'set to standby' })
    expect(candidatesOf({ ...WELL, nodes: [] }, mail(WELL))).toMatchObject([{ tone: 'unknown' }])
  })
})

describe('a group that is owned', () => {
  const web = WELL.groups[0] as Status['groups'][number]
  const other = (more: Partial<NodeReport>) =>
    standingOf(
      with_(WELL, (node) => (node.name === 'dir2' ? { ...node, ...more } : node)),
      web,
    )
  it('is well where somebody could take it over, or nobody is meant to', () => {
    expect(other({})).toEqual({ tone: 'good', text: 'owned' })
    expect(standingOf(WELL, { ...web, directors: ['dir1'] }).tone).toBe('good')
  })
  it('and that nobody could take over is a warning; not to know it is not well either', () => {
    expect(other({ state: 'dead', agent: false })).toEqual({ tone: 'warn', text: 'owned; nobody could take over' })
    expect(other({ standby: true }).tone).toBe('warn')
    expect(other({ agent: false }).tone).toBe('unknown')
  })
})

describe('a realserver', () => {
  it.each<[Partial<RealserverReport>, boolean, string, string]>([
    [{}, true, 'good', 'healthy'],
    [{}, false, 'unknown', 'not known'],
    [{ healthy: null }, true, 'unknown', 'unchecked'],
    [{ healthy: false }, true, 'bad', 'failed'],
    [{ healthy: false, state: 'drained' }, true, 'off', 'drained'],
    [{ state: 'draining' }, false, 'unknown', 'to be drained'],
  ])('%j, told: %s, is %s: %s', (more, told, tone, text) =>
    expect(serverSaid({ ...(http(WELL).realservers[0] as RealserverReport), ...more }, told)).toEqual({ tone, text }),
  )
})

describe('a service', () => {
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
  it('without realservers serves nobody', () =>
    expect(serviceSaid(WELL, { ...http(WELL), realservers: [] })).toEqual({ tone: 'bad', text: 'no realservers' }))
})

describe('the verdict', () => {
  it('is the sentence of lvsm status, and names beside it what is not known', () => {
    expect(verdictOf(WELL)).toEqual({ tone: 'good', text: 'healthy', unknown: [] })
    expect(verdictOf(ILL)).toEqual({
      tone: 'bad',
      text: 'not served: nobody owns mail (10.11.0.20): dir2 is silent, dir1 is not ready; http: rs2 failed (connection refused, 4 times); web is lost if dir1 dies: 3 of 4 voters must agree, and 2 would be left; 1 critical trouble; dead: dir2',
      unknown: [expect.stringMatching(/^how rs2 is /)],
    })
  })
  it('is never good where something is not known', () => {
    const silent = with_(WELL, (node) => ({ ...node, agent: node.name !== 'rs1' }))
    expect(verdictOf(silent)).toMatchObject({ tone: 'unknown', unknown: [expect.stringMatching(/^how rs1 is /)] })
    expect(verdictOf(UNTOLD)).toMatchObject({ tone: 'unknown', text: expect.stringMatching(/not known here/) })
    const half = { ...WELL, groups: [{ ...mail(UNTOLD) }] }
    expect(verdictOf(half)).toMatchObject({ tone: 'unknown', unknown: [expect.stringMatching(/^who owns mail /)] })
  })
})

it('nothing is good that is old, and nothing at all is unknown', () => {
  expect(asOfBefore({ tone: 'good', text: 'healthy' })).toEqual({ tone: 'unknown', text: 'was: healthy' })
  expect(worst([])).toBe('unknown')
  expect(worst(['good', 'off', 'warn'])).toBe('warn')
})
