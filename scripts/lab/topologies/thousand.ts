import type { Topology } from '../topology.ts'
import { pair } from './pair.ts'

const MOST = 1000
const NETWORK = '10.11'
const PREFIX = 16
/** From 10.11.4.1 on; hosts have 10.11.0. */
const [FIRST_OCTET, A_PREFIX] = [4, 250]
const more = Array.from(
  { length: MOST - 1 },
  (_, at) => `${NETWORK}.${FIRST_OCTET + Math.floor(at / A_PREFIX)}.${1 + (at % A_PREFIX)}/${PREFIX}`,
)

/** The pair with a thousand VIPs in its one group: how soon the first and the last answer again. */
export const thousand: Topology = {
  ...pair,
  name: 'thousand',
  about: 'the pair with 1,000 VIPs in one group: for comparisons',
  networks: pair.networks.map((network) => (network.name === 'outside' ? { ...network, prefix: PREFIX } : network)),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: [`${pair.vip}/${PREFIX}`, ...more] }],
}
