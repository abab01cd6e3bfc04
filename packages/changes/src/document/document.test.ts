import { checkConfig, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { DOCUMENT, documentOfFile, FILE } from '../fixture.ts'
import { documentOf, writtenOf } from './document.ts'
import { natural } from './order.ts'
import { parseDocument, renderDocument } from './yaml.ts'

const configOf = (text: string) => checkConfig(text).config

describe('a document', () => {
  it('is what was said, by name', () => {
    expect(DOCUMENT.nodes['rs3']).toEqual({ roles: ['realserver'], links: { inside: { address: '10.12.0.13' } } })
    expect(DOCUMENT.groups['web']?.gateways).toEqual({ '10.12.0.254': { prefix: 24 } })
    expect(DOCUMENT.services['http']?.realservers?.['rs3']).toEqual({
      address: '10.12.0.13',
      port: 8080,
      forward: 'nat',
      gateway: '10.12.0.254',
      weight: 1,
    })
    expect(DOCUMENT.services['https']).not.toHaveProperty('check')
  })

  it('is given back by its own YAML, which is a file of the same meaning', () => {
    const text = renderDocument(DOCUMENT, 7)
    expect(parseDocument(text)).toMatchObject({ document: DOCUMENT, revision: 7 })
    expect(JSON.stringify(documentOfFile(text))).toBe(JSON.stringify(DOCUMENT))
    const [one, other] = [configOf(FILE), configOf(text)]
    expect({ ...other, revision: 1 }).toEqual(one)
    expect(text).toContain(
      '\n      - { node: rs3, address: 10.12.0.13, port: 8080, forward: nat, gateway: 10.12.0.254, weight: 1 }\n',
    )
  })

  it('keeps the epoch of its voters, which stands beside the revision', () => {
    const text = FILE.replace('revision: 1', 'epoch: 7\nrevision: 1')
    const document = documentOfFile(text)
    expect(document.epoch).toBe(7)
    expect(renderDocument(document, 9)).toMatch(/^cluster: .*\nrevision: 9\nepoch: 7\n/)
    expect(checkConfig(renderDocument(document, 9)).config?.epoch).toBe(7)
  })

  it('says every duration in the longest unit that has it whole', () => {
    const { check } =
      documentOfFile(
        FILE.replace('interval: 500ms', 'interval: 500ms, down-interval: 60m, slow-start: 120s, flap-hold: 90s'),
      ).services['http'] ?? {}
    expect(check).toMatchObject({ interval: '500ms', 'down-interval': '1h', 'slow-start': '2m', 'flap-hold': '90s' })
  })

  it.each<[string, string, string]>([
    ['the order of names', '  - { name: rs2', '  - { name: rs2'],
    ['a duration', 'interval: 500ms', 'interval: 0.5s'],
    ['roles said twice', 'name: rs3, roles: [realserver]', 'name: rs3, roles: [realserver, realserver]'],
    ['lists of nothing', '    ping: [10.11.0.100]', '    ping: [10.11.0.100]\n'],
    ['how an address stands there', 'vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24 }]'],
    ['an empty list of flags', 'scheduler: wrr', 'scheduler: wrr\n    scheduler-flags: []'],
  ])('does not depend on %s', (_, from, to) => {
    expect(FILE).toContain(from)
    expect(JSON.stringify(documentOfFile(FILE.replace(from, to)))).toBe(JSON.stringify(DOCUMENT))
  })

  it('does not depend on the order of lists, but keeps that of directors and of links', () => {
    const written = writtenOf(DOCUMENT, 1)
    const turned = documentOf({
      ...written,
      nodes: written.nodes.toReversed(),
      services: written.services?.toReversed(),
    })
    expect(JSON.stringify(turned)).toBe(JSON.stringify(DOCUMENT))
    const { 'link-order': order, links } = documentOf({
      ...written,
      nodes: written.nodes.map((node) => ({ ...node, links: node.links.toReversed() })),
    }).nodes['dir1'] ?? { links: {} }
    expect([order, Object.keys(links)]).toEqual([
      ['outside', 'inside'],
      ['inside', 'outside'],
    ])
    const text = renderDocument(DOCUMENT, 1).replace('[ dir1, dir2 ]', '[ dir2, dir1 ]')
    expect(documentOfFile(text).groups['web']?.directors).toEqual(['dir2', 'dir1'])
  })

  it('names a node that a list has twice by its address', () => {
    const two = FILE.replace(
      '{ node: rs2, address: 10.11.0.12, forward: dr, weight: 1 }',
      '{ node: rs1, address: 10.11.0.21, forward: dr }',
    )
    const document = documentOfFile(two)
    expect(Object.keys(document.services['http']?.realservers ?? {})).toEqual([
      'rs1@10.11.0.11',
      'rs1@10.11.0.21',
      'rs3',
    ])
    expect(documentOfFile(renderDocument(document, 1))).toEqual(document)
    const ports = documentOfFile(two.replace('10.11.0.21, forward: dr', '10.12.0.11, port: 81, forward: nat'))
    expect(Object.keys(ports.services['http']?.realservers ?? {})).toEqual([
      'rs1@10.11.0.11',
      'rs1@10.12.0.11:81',
      'rs3',
    ])
  })

  it('has no secret', () => {
    expect(parseDocument(SAMPLE).refusals).toEqual([
      expect.objectContaining({ code: 'secret-in-document', field: 'keys[0].secret', line: 5 }),
    ])
    expect(JSON.stringify(parseDocument(SAMPLE))).not.toContain('00010203')
    expect(parseDocument(SAMPLE.replace('wrr', 'wrrr')).refusals).toMatchObject([{ code: 'bad-value', line: 25 }])
  })
})

it('numbers in names are numbers', () => {
  const names = ['rs10', 'rs2', 'rs1', 'rs02', 'RS2', 'rs', 'a-1-b', 'a-1', '10.11.0.10', '10.11.0.9', 'rs2a']
  expect(names.toSorted(natural)).toEqual([
    '10.11.0.9',
    '10.11.0.10',
    'RS2',
    'a-1',
    'a-1-b',
    'rs',
    'rs1',
    'rs02',
    'rs2',
    'rs2a',
    'rs10',
  ])
  expect(names.toSorted(natural)).toEqual(names.toReversed().toSorted(natural))
})
