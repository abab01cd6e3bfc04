import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { checkFields, keysOf } from '../check-fields.ts'
import { CHECKS, FORWARDING, forwarding, namesOf, PLACEMENTS, TABLES } from './index.ts'
import { missingColumns } from './table.ts'

describe('the tables of the data plane', () => {
  it.each(Object.entries(TABLES))('%s: every row has every column', (_, table) => {
    expect(Object.keys(table).length).toBeGreaterThan(0)
    expect(missingColumns(table)).toEqual([])
  })
  it('a row without a column is found, and null is a value', () => {
    const { answersThroughDirector: _, ...tun } = FORWARDING.dr
    expect(missingColumns({ ...FORWARDING, tun })).toEqual(['tun.answersThroughDirector'])
    expect(missingColumns({ ...FORWARDING, tun: { ...FORWARDING.dr, encapsulation: 'ipip' } })).toEqual([
      'dr.encapsulation',
      'nat.encapsulation',
      'fullnat.encapsulation',
      'local.encapsulation',
    ])
  })
  it('a realserver answers as itself through the director, or has the address for itself, or is the owner of it', () => {
    for (const { hasVip, answersThroughDirector, onDirector } of namesOf(FORWARDING).map(forwarding))
      expect(hasVip).toBe(!(answersThroughDirector || onDirector))
  })
  it('an address stands in one way: on one device, on those of tunnels, or as a route', () => {
    for (const { device, onTunnels, isRoute } of Object.values(PLACEMENTS))
      expect([device !== null, onTunnels, isRoute].filter(Boolean)).toHaveLength(1)
  })
})

describe('the keys of a check', () => {
  const http = {
    probe: 'connect',
    over: 'tcp',
    asks: 'port',
    fields: { path: z.string().optional() },
    refuse: () => null,
    hint: 'asks for a page',
  } as const
  const schema = checkFields({ ...CHECKS, http }, { fall: z.int().optional() })
  it.each([[{ type: 'http', path: '/', fall: 2 }], [{ type: 'tcp', fall: 2 }], [{ type: 'none' }]])('%j', (check) =>
    expect(schema.parse(check)).toEqual(check),
  )
  it('a key of another type is refused with what this type is for', () => {
    const { error } = schema.safeParse({ type: 'tcp', path: '/' })
    expect(error?.issues).toMatchObject([
      { path: ['path'], message: 'belongs to a check of another type than tcp', params: { hint: CHECKS.tcp.hint } },
    ])
    expect(schema.safeParse({ type: 'http', page: '/' }).success).toBe(false)
    expect(keysOf({ ...CHECKS, http }, { type: 'http', path: '/', fall: 2 }), 'and they go on to the probe').toEqual({
      path: '/',
    })
    expect([keysOf({ ...CHECKS, http }, { type: 'tcp' }), keysOf({ ...CHECKS, http }, undefined)]).toEqual([{}, {}])
  })
})
