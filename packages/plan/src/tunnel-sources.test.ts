import { checkConfig, SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { viewOf } from './fixture.ts'
import { tunnelEnds, tunnelSources } from './tunnel-sources.ts'

const { config } = checkConfig(SAMPLE.replaceAll('forward: dr', 'forward: tun'))
if (!config) throw new Error('the file has faults')
const view = viewOf(config, 'dir1')
const found = (...sources: readonly (readonly [string, string])[]) =>
  tunnelSources(view, { sources: new Map(sources) }).map(({ code, message }) => `${code} ${message}`)

it('asks for the way to each realserver that unwraps, and to no other one', () => {
  expect(tunnelEnds(view)).toEqual(['10.11.0.11', '10.11.0.12'])
  expect(tunnelEnds(viewOf(config, 'rs3'))).toEqual([])
})
it('a source that is no address of a link is a trouble, once for all that meet it', () => {
  expect(found(['10.11.0.11', '10.11.0.1'], ['10.11.0.12', '10.12.0.1'])).toEqual([])
  expect(found(['10.11.0.11', '10.11.0.9'], ['10.11.0.12', '10.11.0.9'])).toEqual([
    expect.stringMatching(
      /^tunnel-source .* wraps for rs1, rs2 leaves with 10\.11\.0\.9 .*\(10\.12\.0\.1, 10\.11\.0\.1\)$/,
    ),
  ])
  expect(found(), 'no way to it is known').toEqual([])
  expect(tunnelSources(view, {})).toEqual([])
})
