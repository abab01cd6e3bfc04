import { expect, it } from 'vitest'
import { group, wish } from './boots.ts'

it('reads the wish of a scenario file from its first line only', () => {
  expect(wish("import './harness.ts'\n// lab: topology=six")).toEqual({ topology: 'default', cluster: true })
  expect(wish('// lab: topology=pair cluster=no\n')).toEqual({ topology: 'pair', cluster: false })
  expect(wish('// lab: cluster=no')).toEqual({ topology: 'default', cluster: false })
})

it('boots each kind of lab once', () => {
  const sources = { switchover: '', bare: '// lab: cluster=no', failover: '', big: '// lab: topology=six' }
  expect(group(new Map(Object.entries(sources)))).toEqual([
    { topology: 'default', cluster: false, files: ['bare'] },
    { topology: 'six', cluster: true, files: ['big'] },
    { topology: 'default', cluster: true, files: ['failover', 'switchover'] },
  ])
})
