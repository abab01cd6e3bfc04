import { describe, expect, it } from 'vitest'
import { parse } from './options.ts'

describe('the command line', () => {
  it('options stand before FILE, what follows is its own', () => {
    expect(parse(['run', '--topology', 'six', '--cluster', '--timeout=60', 'a.ts', '--cluster', '-t'])).toMatchObject({
      command: 'run',
      topology: 'six',
      cluster: true,
      timeout: 60,
      words: ['a.ts', '--cluster', '-t'],
    })
    expect(parse(['exec', '-t', 'dir1', 'ip', '-br', 'addr'])).toMatchObject({
      command: 'exec',
      terminal: true,
      words: ['dir1', 'ip', '-br', 'addr'],
    })
    expect(parse(['exec', '-', 'ls'])).toMatchObject({ command: 'exec', words: ['-', 'ls'] })
    expect(parse(['power-cut', 'dir1'])).toMatchObject({ command: 'power-cut', words: ['dir1'] })
  })
  it('a cluster is of files or of coordinators', () => {
    expect(parse(['up', '--coordinated']).cluster).toBe('coordinated')
    expect(parse(['up', '--cluster-later']).cluster).toBe('later')
    expect(parse(['up']).cluster).toBe(false)
  })
  it('nothing and --help give help', () => {
    expect(parse([]).command).toBe('help')
    expect(parse(['run', '--help']).command).toBe('help')
  })
  it('what it does not know it names', () => {
    expect(() => parse(['run', '--clutser', 'x'])).toThrow('no option is called --clutser')
    expect(() => parse(['up', '--topology', 'seven'])).toThrow('no topology is called seven')
    expect(() => parse(['run', '--timeout', 'soon', 'x'])).toThrow('above 0')
  })
})
