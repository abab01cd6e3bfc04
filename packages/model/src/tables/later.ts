/**
 * Words of the field that this version does not know, and what to write today: an operator who comes from another load balancer, or
 * has read of what is to come, is told so, and not that he cannot spell.
 */

interface Foreign {
  /** Not in this version. */
  readonly later: readonly string[]
  /** Other names of what is there → how it is called here. */
  readonly same: Readonly<Record<string, string>>
}

/** By the key that the word is the value of. */
export const FOREIGN_WORDS: Readonly<Record<string, Foreign>> = {
  protocol: { later: ['http', 'https', 'tls', 'quic', 'any'], same: {} },
  forward: {
    later: ['fou', 'bypass', 'l3dsr'],
    same: {
      snat: 'fullnat',
      'full-nat': 'fullnat',
      full_nat: 'fullnat',
      localnode: 'local',
      localhost: 'local',
      tunnel: 'tun',
      tunneling: 'tun',
      tunnelling: 'tun',
      ipip: 'tun',
      gre: 'tun (with tunnel: gre)',
      gue: 'tun (with tunnel: gue)',
      masq: 'nat',
      masquerade: 'nat',
      masquerading: 'nat',
      gate: 'dr',
      gatewaying: 'dr',
      direct: 'dr',
      route: 'dr',
    },
  },
  tunnel: {
    later: ['fou', 'sit', 'ip6ip6', 'vxlan', 'geneve'],
    same: { ip: 'ipip', ip_gre: 'gre', tunl0: 'ipip' },
  },
  placement: {
    later: ['bridge', 'vrf', 'macvlan', 'ipvlan'],
    same: {
      loopback: 'lo',
      lo0: 'lo',
      alias: 'lo',
      dummy0: 'dummy',
      local: 'route',
      'local-route': 'route',
      anyip: 'route',
      tun: 'tunnel',
      tunl0: 'tunnel',
    },
  },
  type: {
    later: ['radius', 'external-perl', 'sip', 'ntp'],
    same: {
      connect: 'tcp',
      ping: 'icmp',
      ping_check: 'icmp',
      off: 'none',
      tcp_check: 'tcp',
      ssl: 'tls',
      http_get: 'http',
      ssl_get: 'https',
      exec: 'script',
      command: 'script',
      misc: 'script',
      external: 'script',
      postgresql: 'postgres',
      pgsql: 'postgres',
      'send-expect': 'expect',
      smtp_check: 'smtp',
      dns_check: 'dns',
      udp_check: 'udp',
      misc_check: 'script',
      'agent-check': 'agent',
    },
  },
  algorithm: {
    later: ['sha512', 'sha384', 'sha224', 'sha3', 'blake2', 'blake3', 'aes'],
    same: { 'sha-256': 'sha256' },
  },
  roles: { later: ['coordinator', 'client'], same: { quorum: 'witness', server: 'realserver', backend: 'realserver' } },
}

/** Keys that may be looked for here, each where it would stand: the last word of its place in the file. */
export const FOREIGN_KEYS: ReadonlySet<string> = new Set(
  [
    'alpha omega virtualhost inhibit',
    'url receive request codes ssl script certificate',
    'drain-time max-connections source',
    'ipv6 include includes sync syncd sync-daemon console web tls coordinators users bfd vrrp virtual-router-id preempt priority',
    'mcast multicast broadcast notify email vlan namespace',
  ].flatMap((line) => line.split(' ')),
)

/** Other names of keys, of keepalived, ldirectord and ipvsadm → how they are called here. */
export const SAME_KEYS: Readonly<Record<string, string>> = {
  persistent: 'persistence',
  'persistence-timeout': 'persistence',
  persistence_timeout: 'persistence',
  'persistent-timeout': 'persistence',
  granularity: 'persistence-netmask',
  persistence_granularity: 'persistence-netmask',
  netmask: 'persistence-netmask',
  pe: 'persistence-engine',
  persistence_engine: 'persistence-engine',
  ops: 'one-packet',
  upper: 'upper-threshold',
  uthreshold: 'upper-threshold',
  'u-threshold': 'upper-threshold',
  lower: 'lower-threshold',
  lthreshold: 'lower-threshold',
  'l-threshold': 'lower-threshold',
  'sched-flags': 'scheduler-flags',
  inhibit_on_failure: 'down-linger',
  quiescent: 'down-linger',
  checkport: 'port',
  connect_port: 'port',
}

/** Keys of others that are no key here, and what is written instead. */
export const INSTEAD: Readonly<Record<string, string>> = Object.fromEntries(
  [
    [
      'sorry sorry-server sorry_server sorry_server_lvs_method fallback',
      'write it as a realserver of the service, with backup: true',
    ],
    ['fwmark firewall-mark mark', 'write ports: [80, 443] in place of port: the mark and its rules are made of that'],
  ].flatMap(([words = '', hint = '']) => words.split(' ').map((word): [string, string] => [word, hint])),
)
