import { describe, expect, it } from 'vitest'
import { topologyNamed } from '../topologies/index.ts'
import { keepalived, keepalivedConfiguration } from './keepalived.ts'

const pair = topologyNamed('pair')
if (!pair) throw new Error('the pair is gone')

describe('keepalived as peer', () => {
  it('has VRRPv3 at a tenth of a second, the first director before the second', () => {
    const text = keepalivedConfiguration(pair, 'dir2', { advert: 0.1 })
    expect(text).toContain('vrrp_version 3')
    expect(text).toContain('advert_int 0.1')
    expect(text).toContain('priority 190')
    expect(keepalivedConfiguration(pair, 'dir1', { advert: 1 })).toContain('priority 200')
    expect(text.match(/real_server/g)).toHaveLength(2)
  })
  it('takes away what it set up', () => {
    const { enter, leave, services } = keepalived(pair)
    expect(services.map(({ node }) => node)).toEqual(['dir1', 'dir2'])
    expect(enter.filter(({ argv }) => argv.join(' ').includes('addr add'))).toHaveLength(2)
    expect(leave.filter(({ argv }) => argv.join(' ').includes('addr del'))).toHaveLength(4)
  })
})
