import { expect, it } from 'vitest'
import { group, options } from './boots.ts'

it('reads the options of a scenario file from its first line only', () => {
  expect(options("import './harness.ts'\n// lab: topology=six")).toEqual({
    topology: 'default',
    cluster: true,
    next: false,
  })
  expect(options('// lab: topology=pair cluster=no\n')).toEqual({ topology: 'pair', cluster: false, next: false })
  expect(options('// lab: cluster=no next=yes')).toEqual({ topology: 'default', cluster: false, next: true })
})

it('boots each kind of lab once', () => {
  const sources = {
    switchover: '// lab: next=yes',
    bare: '// lab: cluster=no',
    failover: '',
    big: '// lab: topology=six',
  }
  expect(group(new Map(Object.entries(sources)))).toEqual([
    { topology: 'default', cluster: false, next: false, files: ['bare'] },
    { topology: 'six', cluster: true, next: false, files: ['big'] },
    { topology: 'default', cluster: true, next: true, files: ['failover', 'switchover'] },
  ])
})
