/** What stands in the way of VIPs that a realserver has for itself, and is not ours to change. */
import { isOwnLabel, MARKS, type Trouble } from '@lvsm/base'
import { type NodeView, placementRow } from '@lvsm/model'
import { dummyInTheWay, guestsOn, isOnDummy } from './aliases.ts'
import type { Desired } from './desired.ts'
import type { Observed } from './observed.ts'

export const placeTroubles = (view: NodeView, wanted: Desired, observed: Observed): Trouble[] => [
  ...dummyInTheWay(observed, wanted).map(
    ({ name }): Trouble => ({
      code: 'foreign-device',
      severity: 'critical',
      object: `device ${name}`,
      message: `device ${name} is somebody else's, so ${onDummy(wanted)} cannot stand on it`,
      hint: `find who made it (ip -d link show ${name}), and: ip link del ${name}; or use another placement; we do not replace devices of others`,
    }),
  ),
  ...guests(wanted, observed),
  ...audible(view, observed),
  ...asleep(wanted, observed),
]

/** An address on a loopback device that is down is none: the kernel takes no packets for it. */
function asleep({ aliases }: Desired, { links }: Observed): Trouble[] {
  const down = links.find(({ loopback, up }) => loopback && !up)
  const those = aliases
    .filter(({ placement }) => placementRow(placement).device === down?.name)
    .map(({ address }) => address)
  if (down === undefined || those.length === 0) return []
  return [
    {
      code: 'loopback-down',
      severity: 'critical',
      object: `interface ${down.name}`,
      message: `interface ${down.name} is down, and ${those.join(', ')} on it with it`,
      hint: `ip link set ${down.name} up, and find who took it down: much else of this machine needs it`,
    },
  ]
}

const onDummy = ({ aliases }: Desired): string =>
  aliases
    .filter(isOnDummy)
    .map(({ address }) => address)
    .join(', ')

function guests(wanted: Desired, observed: Observed): Trouble[] {
  if (onDummy(wanted) !== '') return []
  return guestsOn(observed).map(({ address }) => ({
    code: 'device-kept',
    severity: 'warning',
    object: `device ${MARKS.vipDevice}`,
    message: `device ${MARKS.vipDevice} is not needed any more, and stays because somebody put ${address} on it`,
    hint: `take the address off (ip address del ${address} dev ${MARKS.vipDevice}): then the device goes by itself`,
  }))
}

/** An address is answered for on the very interface that it stands on, whatever arp_ignore says, and in IPv6 there alone. */
function audible({ answersFor }: NodeView, { links, addresses }: Observed): Trouble[] {
  const asked = new Map(
    links
      .filter(({ loopback, noArp, note }) => !loopback && noArp !== true && note !== MARKS.deviceNote)
      .map((link) => [link.index, link]),
  )
  return answersFor.flatMap(({ address }) =>
    addresses.flatMap((one): Trouble[] => {
      const device = asked.get(one.index)
      if (one.address !== address || device === undefined || isOwnLabel(one.label)) return []
      const { name, mac } = device
      return [
        {
          code: 'vip-answers',
          severity: 'critical',
          object: `address ${address}`,
          message: `VIP ${address} stands on ${name} too, where others ask for it: no setting keeps this realserver from answering there`,
          ...(mac === undefined ? {} : { evidence: `who asks for ${address} is answered by ${mac}` }),
          hint: `ip address del ${address}/${one.prefix} dev ${name}, and where it is set at boot; we do not remove addresses of others`,
        },
      ]
    }),
  )
}
