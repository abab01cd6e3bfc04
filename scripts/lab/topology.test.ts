import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { configurationOf } from './cluster.ts'
import { cableStep, cutSteps, impairSteps, namesOf, powerSteps } from './faults.ts'
import { buildCommands } from './network.ts'
import { checkTopology, macOf } from './topology.ts'
import { topologies, topologyNamed } from './topologies/index.ts'

const standard = topologyNamed('default')
if (!standard) throw new Error('the default topology is gone')

describe('topologies', () => {
  it.each(topologies.map((one) => [one.name, one] as const))('%s can be built', (_, topology) => {
    expect(checkTopology(topology)).toEqual([])
  })
  it('collisions and long names are refused with their place', () => {
    const [first] = standard.nodes
    const wrong = {
      ...standard,
      nodes: [...standard.nodes, { name: 'director-number-1', roles: [], addresses: first?.addresses ?? {} }],
    }
    expect(checkTopology(wrong).map(({ code, field }) => [code, field])).toEqual([
      ['port-name', 'nodes[6]'],
      ['port-name', 'nodes[6]'],
      ['address-twice', 'nodes[6]'],
    ])
    expect(checkTopology({ ...standard, vip: '10.11.0.1' })[0]?.code).toBe('address-twice')
  })
  it('hardware addresses are readable', () => {
    expect(macOf('10.11.0.100')).toBe('02:00:0a:0b:00:64')
  })
})

describe('building', () => {
  const commands = buildCommands(standard)
  it('each cable leads from a bridge port into the namespace', () => {
    expect(commands).toContain('link add dir1-out type veth peer name outside netns dir1 address 02:00:0a:0b:00:01')
    expect(commands).toContain('link set rs3-in up master in addrgenmode none')
    expect(commands.some((line) => line.includes('rs3-out'))).toBe(false)
  })
  it('one batch for the outside, one per node', () => {
    expect(commands.filter((line) => line.startsWith('ip '))).toHaveLength(1 + standard.nodes.length)
  })
})

describe('configuration', () => {
  it('has the contract’s shape, and the client is no node of it', () => {
    const config = parseYaml(configurationOf(standard, 'ab'.repeat(32)))
    expect(config).toMatchObject({ cluster: 'lab', revision: 1, 'sign-with': 1 })
    expect(config).not.toHaveProperty('node')
    expect(config.nodes.map((node: { name: string }) => node.name)).toEqual(['dir1', 'dir2', 'rs1', 'rs2', 'rs3'])
    expect(config.nodes[0].links).toEqual([
      { name: 'inside', address: '10.12.0.1', port: 6940 },
      { name: 'outside', address: '10.11.0.1', port: 6940 },
    ])
    expect(config.nodes[4].links).toHaveLength(1)
  })
})

describe('faults', () => {
  it('a power cut takes all links of a node', () => {
    expect(powerSteps(standard, 'dir1', false)).toEqual([
      { tool: 'nft', lines: ['add element bridge lab dark { "dir1-out", "dir1-in" }'] },
      { tool: 'ip', lines: ['link set dir1-out down', 'link set dir1-in down'] },
    ])
    expect(() => powerSteps(standard, 'dir9', false)).toThrow('no node is called dir9')
  })
  it('one cable is one port, of a network that the node has', () => {
    expect(cableStep(standard, 'dir1', 'outside', false)).toEqual({ tool: 'ip', lines: ['link set dir1-out down'] })
    expect(() => cableStep(standard, 'rs3', 'outside', false)).toThrow(
      'rs3 has no network called outside; it has inside',
    )
  })
  it('a one-way cut names pairs of ports, where both have one', () => {
    expect(cutSteps(standard, ['dir1'], ['rs3'])).toEqual([
      { tool: 'nft', lines: ['add element bridge lab cut { "dir1-in" . "rs3-in" }'] },
    ])
    expect(cutSteps(standard, ['client'], ['rs3'])).toEqual([])
    expect(() => cutSteps(standard, ['dir1'], ['rs1'], 'moon')).toThrow(RangeError)
  })
  it('others are the cluster without the other side, never the client', () => {
    expect(namesOf(standard, 'others', ['dir1'])).toEqual(['dir2', 'rs1', 'rs2', 'rs3'])
    expect(namesOf(standard, 'rs1,rs2')).toEqual(['rs1', 'rs2'])
  })
  it('loss and delay hit both ends of every cable, and nothing removes them', () => {
    expect(impairSteps(standard, 'rs3', { loss: 40, delay: 5 })).toEqual([
      { tool: 'tc', lines: ['qdisc replace dev rs3-in root netem limit 10000 loss 40% delay 5ms'] },
      { tool: 'tc', namespace: 'rs3', lines: ['qdisc replace dev inside root netem limit 10000 loss 40% delay 5ms'] },
    ])
    expect(impairSteps(standard, 'rs3', { loss: 0, delay: 0 })[0]?.lines).toEqual(['qdisc del dev rs3-in root'])
  })
})
