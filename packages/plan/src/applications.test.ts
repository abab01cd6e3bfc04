import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { kernel, planInput, viewOf } from './fixture.ts'
import { desired, helperPorts, NOTHING_OWNED, type Observed, troublesOf } from './index.ts'

const ftp = (name: string, port: number): string =>
  `  - { name: ${name}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, helper: ftp, realservers: [{ node: rs3, address: 10.12.0.13, forward: nat }] }\n`
const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const view = viewOf(configOf(SAMPLE + ftp('files', 21) + ftp('more', 2121)), 'dir1')
const said = (helpers: Observed['helpers'], of = view) => {
  const now = kernel(helpers === undefined ? {} : { helpers })
  return troublesOf(of, desired(planInput('dir1', { view: of }), now), now, NOTHING_OWNED).filter(
    ({ code }) => code === 'no-helper',
  )
}

describe('a module that reads connections for services', () => {
  it('is asked for by directors of such services, with their ports', () => {
    expect(helperPorts(view)).toEqual([21, 2121])
    expect(helperPorts(viewOf(configOf(SAMPLE + ftp('files', 21)), 'rs3'))).toEqual([])
  })
  it('is one trouble of each service that it does not read, and none before somebody looked', () => {
    expect(said(undefined)).toEqual([])
    expect(said(new Map([['ftp', [21, 2121]]]))).toEqual([])
    expect(said(new Map())).toMatchObject([
      {
        severity: 'critical',
        object: 'service files',
        message: 'the module ip_vs_ftp is not loaded: clients of service files log in, and get no data',
        hint: expect.stringMatching(/^modprobe ip_vs_ftp ports=21,2121; and for each boot: /),
      },
      { object: 'service more' },
    ])
    expect(said(new Map([['ftp', [21]]]))).toMatchObject([
      {
        object: 'service more',
        message: 'the module ip_vs_ftp reads port 21, and service more has 2121: clients log in, and get no data',
        hint: expect.stringMatching(/^modprobe -r ip_vs_ftp && modprobe ip_vs_ftp ports=21,2121;/),
      },
    ])
  })
  it('needs no ports where all are the usual one', () =>
    expect(said(new Map(), viewOf(configOf(SAMPLE + ftp('files', 21)), 'dir1'))).toMatchObject([
      {
        hint: expect.stringMatching(/^modprobe ip_vs_ftp; and for each boot: echo ip_vs_ftp > \/etc\/modules-load\.d/),
      },
    ]))
})
