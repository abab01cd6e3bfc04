import { parseDocument } from '@lvsm/changes'
import { describe, expect, it } from 'vitest'
import { coordinatedServices, firstDocument, foundersOf, initWords, joinWords } from './coordinated.ts'
import { clusterNodes } from './topology.ts'
import { topologies, topologyNamed } from './topologies/index.ts'

const topology = topologyNamed('coordinated')
if (!topology) throw new Error('the topology with coordinators is gone')

describe('a cluster with coordinators', () => {
  it.each(topologies.map((one) => [one.name, one] as const))('%s has a document that coordinators take', (_, one) => {
    expect(parseDocument(firstDocument(one)).refusals).toBeUndefined()
  })
  it('is begun by a director; coordinators join before the others, and empty machines do not', () => {
    expect(foundersOf(topology).map(({ name }) => name)).toEqual(['dir1', 'dir2', 'rs1'])
    expect(foundersOf({ ...topology, nodes: topology.nodes.toReversed() }).map(({ name }) => name)).toEqual([
      'dir2',
      'dir1',
      'rs1',
    ])
  })
  it('is made with the words of an operator, in directories of the node', () => {
    const [dir1, , rs1] = clusterNodes(topology)
    if (!dir1 || !rs1) throw new Error('nodes are gone')
    expect(initWords(topology, dir1).join(' ')).toBe(
      'lvsm init --cluster lab --password-file /run/lab/password --name dir1 --role director --address 10.12.0.1 --yes --no-start ' +
        '--state-dir /var/lib/lvsm/dir1 --coordinator-state-dir /var/lib/lvsm-coordinator/dir1 ' +
        '--coordinator-run-dir /run/lvsm-coordinator/dir1',
    )
    expect(joinWords(topology, rs1, 'lvsm.abc').slice(0, 5)).toEqual(['lvsm', 'join', 'lvsm.abc', '--name', 'rs1'])
  })
  it('links of the nodes have the name that a join gives', () => {
    const { document } = parseDocument(firstDocument(topology))
    for (const { links } of Object.values(document?.nodes ?? {})) expect(Object.keys(links)[0]).toBe('heartbeat')
  })
  it('three of its nodes have a coordinator, and agents have no file', () => {
    const services = coordinatedServices(topology, 'node', 'dist')
    const of = (name: string) => services.filter((one) => one.name === name)
    expect(of('coordinator').map(({ node }) => node)).toEqual(['dir1', 'dir2', 'rs1'])
    expect(of('agent').map(({ node }) => node)).toEqual(['dir1', 'dir2', 'rs1', 'rs2'])
    for (const { argv } of of('agent')) expect(argv).not.toContain('--config')
  })
})
