import { NOUN_NAMES } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { keysOfNoun } from './keys.ts'
import { configSchema, serviceSchema } from './schema.ts'

const row = (noun: Parameters<typeof keysOfNoun>[0], key: string) => keysOfNoun(noun).find((one) => one.key === key)

describe('the keys of a noun', () => {
  it('are those of its schema, each with what can be written there', () => {
    expect(keysOfNoun('service').map(({ key }) => key)).toEqual(Object.keys(serviceSchema.shape))
    expect(keysOfNoun('cluster').map(({ key }) => key)).toEqual(Object.keys(configSchema.shape))
    expect(row('service', 'port')).toMatchObject({ kind: 'port', list: false, required: false })
    expect(row('service', 'ports')).toMatchObject({ kind: 'text', list: true })
    expect(row('server', 'port')).toMatchObject({ kind: 'port', required: false })
    expect(row('service', 'scheduler-flags')).toMatchObject({ kind: 'text', list: true })
    expect(row('service', 'scheduler')?.words).toContain('wrr')
    expect(row('group', 'vips')).toMatchObject({ kind: 'network', list: true })
    expect(row('group', 'ping')).toMatchObject({ kind: 'address', list: true })
    expect(row('check', 'interval')).toMatchObject({ kind: 'duration' })
    expect(row('node', 'voter')).toMatchObject({ kind: 'flag' })
    expect(row('node', 'links')).toMatchObject({ kind: 'mapping', list: true })
  })
  it('are there for every noun, and never a secret', () => {
    for (const noun of NOUN_NAMES) expect([noun, keysOfNoun(noun).length > 0]).toEqual([noun, true])
    expect(row('key', 'secret')).toBeUndefined()
    expect(row('key', 'file')).toBeDefined()
  })
})
