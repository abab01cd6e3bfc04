import { describe, expect, it } from 'vitest'
import { writtenOf } from '../document/document.ts'
import { DOCUMENT } from '../fixture.ts'
import { entriesOf } from './entries.ts'

const FILE = writtenOf(DOCUMENT, 1)
const names = (...args: Parameters<typeof entriesOf> extends [unknown, ...infer Rest] ? Rest : never): string[] =>
  entriesOf(FILE, ...args).map(({ which }) => Object.values(which).join('/'))

describe('what a document has of a noun', () => {
  it('is found where commands find it', () => {
    expect(names('node')).toEqual(['dir1', 'dir2', 'rs1', 'rs2', 'rs3'])
    expect(names('link', { node: 'rs3' })).toEqual(['rs3/inside'])
    expect(names('vip')).toEqual(['web/10.11.0.10'])
    expect(entriesOf(FILE, 'vip')[0]?.entry).toEqual({ address: '10.11.0.10/24' })
    expect(names('gateway', { gateway: '10.12.0.254/24' })).toEqual(['web/10.12.0.254'])
    expect(names('check')).toEqual(['http'])
    expect(names('timing')).toEqual([''])
    expect(names('key')).toEqual(['1'])
  })
  it('is found in both of two places, unless it is said in which', () => {
    expect(names('server')).toEqual(['http/rs1', 'http/rs2', 'http/rs3', 'secure/rs1', 'secure/rs2'])
    expect(names('server', { pool: 'secure' })).toEqual(['secure/rs1', 'secure/rs2'])
    expect(names('server', { service: 'http', server: 'rs2' })).toEqual(['http/rs2'])
  })
  it('is nothing of what is no document', () => {
    for (const file of [null, 7, [], { nodes: 3 }, { nodes: [null, 3] }]) expect(entriesOf(file, 'link')).toEqual([])
  })
})
