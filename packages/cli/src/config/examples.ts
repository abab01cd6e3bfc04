/** A line for each noun that shows how its keys are said. Each is carried out in a test. */
import type { Noun } from '@lvsm/protocol'

type Examples = Readonly<Partial<Record<'add' | 'set', string>>>
const EXAMPLES: Readonly<Record<Noun, Examples>> = {
  cluster: { set: 'tcp-timeout=15m' },
  timing: { set: 'lease=350ms keepalive=100ms' },
  key: {
    add: '2 algorithm=sha256 file=/etc/lvsm/secrets.d/key2',
    set: '1 algorithm=sha256',
  },
  node: {
    add: "rs4 roles=realserver links='[{ name: inside, address: 10.12.0.14 }]'",
    set: 'rs2 voter=yes',
  },
  link: { add: 'outside node=rs3 address=10.11.0.13', set: 'inside node=rs3 address=10.12.0.14' },
  group: { add: 'mail directors=dir1,dir2 vips=10.11.0.20/24', set: 'web directors=dir2,dir1' },
  vip: { add: '10.11.0.15/24 group=web', set: '10.11.0.10/24 group=web interface=eth0' },
  gateway: { add: '10.12.0.253/24 group=web', set: '10.12.0.254/24 group=web interface=eth1' },
  pool: {
    add: "app realservers='[{ node: rs1, address: 10.11.0.11, forward: dr }]'",
    set: "app realservers='[{ node: rs2, address: 10.11.0.12, forward: dr }]'",
  },
  service: {
    add: "https group=web address=10.11.0.10 port=443 protocol=tcp scheduler=wlc realservers='[{ node: rs1, address: 10.11.0.11, forward: dr }]'",
    set: 'http scheduler=wlc',
  },
  check: { set: 'http type=http path=/health interval=2s' },
  server: { add: 'app1 service=http address=10.11.0.31 forward=dr agent=no', set: 'rs1 service=http weight=5' },
  override: { add: 'rs1 service=app weight=2', set: 'rs1 service=app weight=5' },
  receiver: { add: 'ops type=webhook url=https://alerts.example.org/lvsm', set: 'ops severity=critical' },
}

export const exampleOf = (noun: Noun, verb: string): string | undefined => {
  const words = verb === 'add' || verb === 'set' ? EXAMPLES[noun][verb] : undefined
  return words === undefined ? undefined : `lvsm ${noun} ${verb} ${words}`
}

export function exampleHelp(noun: Noun, verb: string): string {
  const example = exampleOf(noun, verb)
  return example === undefined ? '' : `\nExample:\n  ${example}\n`
}
