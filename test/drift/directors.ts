/** Of directors: the table of IPVS, its timeouts and daemons, and our rules of nf_tables. */
import type { DataPlane, Service } from '../kit/data-plane.ts'
import { type Rows, REMOVES, scenario, VIP, without } from './row.ts'

const REPAIR = 'alias, destination, service, VIP and default route come back, and nothing foreign is touched'
const CHANGES = 'what somebody changes is put back'
const DAEMONS = 'both daemons run on the directors and nowhere else; one that is stopped by hand runs again'
const OWNER = 'owner of a group'

const http = ({ services }: DataPlane): Service => {
  const service = services.get('tcp 10.11.0.10:80')
  if (!service) throw new Error('http is not there')
  return service
}
const spoilt = (plane: DataPlane): void => {
  plane.natRulesSpoilt = true
}
function dest(plane: DataPlane, how: object): void {
  const { dests } = http(plane)
  const found = dests.get('10.11.0.11:80')
  if (!found) throw new Error('rs1 is not there')
  dests.set('10.11.0.11:80', { ...found, ...how })
}
export const OF_DIRECTORS: Rows<
  | 'nat-rules'
  | 'timeouts'
  | 'sync-start'
  | 'sync-stop'
  | `service-${'add' | 'edit' | 'remove'}`
  | `dest-${'add' | 'edit' | 'remove' | 'flush'}`
> = {
  'nat-rules': [
    { at: OWNER, what: 'the table is deleted', spoil: spoilt, byHand: ['nft delete table inet lvsm-nat'] },
    { at: OWNER, what: 'a chain is emptied', spoil: spoilt, byHand: ['nft flush chain inet lvsm-nat untranslated'] },
    {
      ...{ at: OWNER, what: 'a rule of somebody else is put in', spoil: spoilt },
      byHand: ['nft insert rule inet lvsm-nat untranslated counter accept'],
    },
    {
      ...{ at: OWNER, what: 'a chain drops what no rule speaks of', spoil: spoilt },
      byHand: ["nft 'chain inet lvsm-nat untranslated { policy drop; }'"],
    },
    {
      ...{ at: OWNER, what: 'the table is put to sleep', spoil: spoilt },
      byHand: ["nft 'add table inet lvsm-nat { flags dormant; }'"],
    },
    { at: OWNER, what: 'everything is flushed', spoil: spoilt, byHand: ['nft flush ruleset'] },
  ],
  timeouts: [
    {
      ...{ at: OWNER, what: 'timeouts are set by hand', byHand: ['ipvsadm --set 900 0 300'] },
      spoil: (plane) => void (plane.timeouts = { ...plane.timeouts, tcp: 900 }),
      ...scenario('services', CHANGES, /ipvsadm --set 900 0 300/),
    },
  ],
  'sync-start': [
    {
      ...{ at: OWNER, what: 'a daemon is stopped', byHand: ['ipvsadm --stop-daemon master'] },
      spoil: (plane) => void (plane.syncDaemons = without(plane.syncDaemons, ({ state }) => state === 'master')),
      ...scenario('sync', DAEMONS, /--stop-daemon \$\{state\}/),
    },
  ],
  'sync-stop': [
    {
      ...{ at: OWNER, what: 'a daemon runs with another id' },
      byHand: ['ipvsadm --stop-daemon backup', 'ipvsadm --start-daemon backup --mcast-interface inside --syncid 99'],
      spoil: (plane) =>
        void (plane.syncDaemons = plane.syncDaemons.map((one) =>
          one.state === 'backup' ? { ...one, syncId: 99 } : one,
        )),
      ...scenario('sync', DAEMONS, /--start-daemon backup .*--syncid 99/),
    },
  ],
  'service-add': [
    {
      ...{ at: OWNER, what: 'a service is removed', byHand: [`ipvsadm -D -t ${VIP}:80`] },
      spoil: (plane) => void plane.services.delete('tcp 10.11.0.10:80'),
      ...scenario('repair', REPAIR, /ipvsadm -D -t \$\{SERVICE\}/),
    },
  ],
  'service-edit': [
    {
      ...{ at: OWNER, what: 'another scheduler, and persistence', byHand: [`ipvsadm -E -t ${VIP}:80 -s rr -p 300`] },
      spoil: (plane) => {
        http(plane).spec = { scheduler: 'rr', flags: [], persistence: { seconds: 300, prefix: null, engine: null } }
      },
      ...scenario('services', CHANGES, /ipvsadm -E -t .* -s rr -p 300/),
    },
  ],
  'service-remove': { never: 'what no configuration names is somebody else’s from the moment at which it is gone' },
  'dest-add': [
    {
      ...{ at: OWNER, what: 'a destination is removed', byHand: [`ipvsadm -d -t ${VIP}:80 -r 10.11.0.11:80`] },
      spoil: (plane) => void http(plane).dests.delete('10.11.0.11:80'),
      ...scenario('repair', REPAIR, /ipvsadm -d -t \$\{SERVICE\} -r \$\{DESTINATION\}/),
    },
  ],
  'dest-edit': [
    {
      ...{ at: OWNER, what: 'another weight', byHand: [`ipvsadm -e -t ${VIP}:80 -r 10.11.0.11:80 -g -w 7`] },
      spoil: (plane) => dest(plane, { weight: 7 }),
      ...scenario(
        'ipv6',
        'what somebody changes of IPv6 is repaired: the service, a weight, the alias, the address',
        /-g -w 7/,
      ),
    },
    {
      ...{ at: OWNER, what: 'a threshold', byHand: [`ipvsadm -e -t ${VIP}:80 -r 10.11.0.11:80 -g -w 1 -x 9 -y 1`] },
      spoil: (plane) => dest(plane, { upper: 9, lower: 1 }),
      ...scenario('services', CHANGES, /-x 9 -y 1/),
    },
    {
      ...{
        at: OWNER,
        what: 'another way',
        byHand: [`ipvsadm -e -t ${VIP}:80 -r 10.11.0.11:80 -i -w 1 --tun-type ipip`],
      },
      spoil: (plane) => dest(plane, { forward: 'tun' }),
      ...scenario('tun', REMOVES, /--tun-type ipip/),
    },
  ],
  'dest-remove': [
    {
      at: OWNER,
      what: 'a realserver that does not answer its check is put back',
      byHand: [`ipvsadm -a -t ${VIP}:80 -r 10.11.0.12:80 -g -w 1`],
      spoil: (plane) => {
        const back = { address: '10.11.0.12', port: 80, forward: 'dr', weight: 1 } as const
        http(plane).dests.set('10.11.0.12:80', back)
      },
      ...scenario(
        'repair',
        'a realserver that is out of service and put back by hand goes again',
        /ipvsadm -a -t \$\{SERVICE\} -r/,
      ),
    },
  ],
  'dest-flush': { never: 'it forgets connections: no object of ours' },
}
