// lab: topology=nat6 long=yes
/** Connections of IPv6 by NAT survive, told of over IPv4. */
import { scenario } from './scenario.ts'
import { STORY, survive6 } from './surviving.ts'
import { whole } from './witness.ts'

scenario(`${STORY}, over IPv6 by NAT`, async () => {
  await whole()
  await survive6(
    [
      {
        ...{ name: 'NAT', port: 7000, node: 'rs3' },
        server: '{ node: rs3, address: "2001:db8:12::13", forward: nat, gateway: "2001:db8:12::254" }',
      },
    ],
    '-m',
  )
})
