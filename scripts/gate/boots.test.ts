import { expect, it } from 'vitest'
import { group, options, readBoots } from './boots.ts'

it('reads the options of a scenario file from its first line only', () => {
  expect(options("import './harness.ts'\n// lab: topology=six")).toEqual({
    topology: 'default',
    cluster: true,
    variants: false,
    long: false,
  })
  expect(options('// lab: topology=pair cluster=no\n')).toEqual({
    topology: 'pair',
    cluster: false,
    variants: false,
    long: false,
  })
  expect(options('// lab: topology=coordinated cluster=coordinated').cluster).toBe('coordinated')
  expect(options('// lab: cluster=no variants=yes long=yes')).toEqual({
    topology: 'default',
    cluster: false,
    variants: true,
    long: true,
  })
})

it('boots each kind of lab once', () => {
  const sources = {
    switchover: '// lab: variants=yes',
    bare: '// lab: cluster=no',
    failover: '',
    big: '// lab: topology=six',
  }
  expect(group(new Map(Object.entries(sources)))).toEqual([
    { topology: 'default', cluster: false, variants: false, long: false, files: ['bare'] },
    { topology: 'six', cluster: true, variants: false, long: false, files: ['big'] },
    { topology: 'default', cluster: true, variants: true, long: false, files: ['failover', 'switchover'] },
  ])
})

it('leaves out what takes long, unless it is named', () => {
  const files = (only: readonly string[]) => readBoots(only).flatMap((boot) => boot.files)
  expect(files([])).not.toContain('upgrade.lab')
  expect(files([])).toContain('moves.lab')
  expect(files(['upgrade'])).toEqual(['upgrade.lab'])
  expect(files(['all'])).toEqual(expect.arrayContaining(['cli.lab', 'upgrade.lab']))
})
