/** How realservers are checked. */
import type * as z from 'zod'
import {
  type CheckFault,
  refuseBodiless,
  refuseNameless,
  refuseEither,
  refusePort,
  refuseProgramless,
  refuseSecured,
  refuseSilent,
  refuseUnnamed,
  refuseUpgraded,
  refuseWeightless,
} from './check-faults.ts'
import {
  AGENT_KEYS,
  DNS_KEYS,
  EITHER_KEYS,
  EXPECT_KEYS,
  GRPC_KEYS,
  HTTP_KEYS,
  SCRIPT_KEYS,
  SECURED_KEYS,
  STREAM_KEYS,
  TLS_KEYS,
  UDP_KEYS,
  UPGRADED_KEYS,
} from './check-keys.ts'

/** What a prober must be able to do. */
export type ProbeKind =
  | 'connect'
  | 'tls'
  | 'http'
  | 'https'
  | 'grpc'
  | 'expect'
  | 'udp'
  | 'dns'
  | 'icmp'
  | 'smtp'
  | 'ftp'
  | 'imap'
  | 'pop3'
  | 'redis'
  | 'mysql'
  | 'postgres'
  | 'ldap'
  | 'script'
  | 'agent'

/** Key → value of the keys that one type of check has alone, by the schemas of its row. */
export type CheckKeys = Readonly<Record<string, unknown>>

export interface CheckRow {
  /** Null: nothing is asked, the realserver is always taken for healthy. */
  readonly probe: ProbeKind | null
  /** By which protocol it asks, where its keys say no other (`overOf`); null: by none, or by whatever it likes. */
  readonly over: 'tcp' | 'udp' | null
  /** Whom: the server at its port, the host, or a program here that knows whom to ask; null: nobody. */
  readonly asks: 'port' | 'host' | 'program' | null
  /** Keys of this type alone, beside interval, timeout, fall, rise and keep-last: all of them optional. */
  readonly fields: Readonly<Record<string, z.ZodType>>
  /** What is wrong with keys that are right one by one; null: nothing. */
  readonly refuse: (keys: CheckKeys) => CheckFault | null
  /** What it finds out, for whoever used a key of another type. */
  readonly hint: string
}

const right = (): null => null

export const CHECKS = {
  tcp: {
    probe: 'connect',
    over: 'tcp',
    asks: 'port',
    fields: STREAM_KEYS,
    refuse: right,
    hint: 'a tcp check finds out whether somebody accepts connections',
  },
  tls: {
    probe: 'tls',
    over: 'tcp',
    asks: 'port',
    fields: { ...TLS_KEYS, ...STREAM_KEYS },
    refuse: refuseNameless,
    hint: 'a tls check makes a handshake, and looks at the certificate',
  },
  http: {
    probe: 'http',
    over: 'tcp',
    asks: 'port',
    fields: HTTP_KEYS,
    refuse: refuseBodiless,
    hint: 'an http check asks for a page without TLS; https looks at certificates',
  },
  https: {
    probe: 'https',
    over: 'tcp',
    asks: 'port',
    fields: { ...TLS_KEYS, ...HTTP_KEYS },
    refuse: (keys) => refuseNameless(keys) ?? refuseBodiless(keys),
    hint: 'an https check makes a handshake, looks at the certificate, and asks for a page',
  },
  grpc: {
    probe: 'grpc',
    over: 'tcp',
    asks: 'port',
    fields: GRPC_KEYS,
    refuse: refuseUnnamed,
    hint: 'a grpc check calls the health service, with tls: true over TLS',
  },
  expect: {
    probe: 'expect',
    over: 'tcp',
    asks: 'port',
    fields: { ...EXPECT_KEYS, ...STREAM_KEYS },
    refuse: (keys) => refuseSilent(keys) ?? refuseSecured(keys),
    hint: 'an expect check sends a text, where there is one, and waits for another; with tls: true over TLS',
  },
  udp: {
    probe: 'udp',
    over: 'udp',
    asks: 'port',
    fields: UDP_KEYS,
    refuse: right,
    hint: 'a udp check sends a datagram; without expect it is enough that nothing refuses it, and that its host is not found to be gone',
  },
  dns: {
    probe: 'dns',
    over: 'udp',
    asks: 'port',
    fields: DNS_KEYS,
    refuse: right,
    hint: 'a dns check asks for records of a name, over UDP; with tcp: true over TCP',
  },
  icmp: {
    probe: 'icmp',
    over: null,
    asks: 'host',
    fields: {},
    refuse: refusePort,
    hint: 'an icmp check sends an echo request: it finds out whether the host is there, and nothing of what it serves',
  },
  smtp: {
    probe: 'smtp',
    over: 'tcp',
    asks: 'port',
    fields: { ...EITHER_KEYS, ...STREAM_KEYS },
    refuse: refuseEither,
    hint: 'an smtp check waits for the greeting, and says EHLO; with tls: true, or starttls: true, over TLS',
  },
  ftp: {
    probe: 'ftp',
    over: 'tcp',
    asks: 'port',
    fields: { ...UPGRADED_KEYS, ...STREAM_KEYS },
    refuse: refuseUpgraded,
    hint: 'an ftp check waits for the greeting; with starttls: true over TLS',
  },
  imap: {
    probe: 'imap',
    over: 'tcp',
    asks: 'port',
    fields: { ...EITHER_KEYS, ...STREAM_KEYS },
    refuse: refuseEither,
    hint: 'an imap check waits for the greeting; with tls: true, or starttls: true, over TLS',
  },
  pop3: {
    probe: 'pop3',
    over: 'tcp',
    asks: 'port',
    fields: { ...EITHER_KEYS, ...STREAM_KEYS },
    refuse: refuseEither,
    hint: 'a pop3 check waits for the greeting; with tls: true, or starttls: true, over TLS',
  },
  redis: {
    probe: 'redis',
    over: 'tcp',
    asks: 'port',
    fields: { ...SECURED_KEYS, ...STREAM_KEYS },
    refuse: refuseSecured,
    hint: 'a redis check says PING; with tls: true over TLS',
  },
  mysql: {
    probe: 'mysql',
    over: 'tcp',
    asks: 'port',
    fields: { ...UPGRADED_KEYS, ...STREAM_KEYS },
    refuse: refuseUpgraded,
    hint: 'a mysql check asks to be let in, by a name that may be unknown; with starttls: true over TLS',
  },
  postgres: {
    probe: 'postgres',
    over: 'tcp',
    asks: 'port',
    fields: { ...UPGRADED_KEYS, ...STREAM_KEYS },
    refuse: refuseUpgraded,
    hint: 'a postgres check asks to be let in, by a name that may be unknown; with starttls: true over TLS',
  },
  ldap: {
    probe: 'ldap',
    over: 'tcp',
    asks: 'port',
    fields: { ...EITHER_KEYS, ...STREAM_KEYS },
    refuse: refuseEither,
    hint: 'an ldap check binds anonymously; with tls: true, or starttls: true, over TLS',
  },
  script: {
    probe: 'script',
    over: null,
    asks: 'program',
    fields: SCRIPT_KEYS,
    refuse: (keys) => refuseProgramless(keys) ?? refuseWeightless(keys),
    hint: 'a script check runs a program, which says by its exit code whether all is well',
  },
  agent: {
    probe: 'agent',
    over: null,
    asks: 'port',
    fields: AGENT_KEYS,
    refuse: right,
    hint: 'an agent check reads one line of an agent on the realserver, by the protocol of HAProxy',
  },
  none: { probe: null, over: null, asks: null, fields: {}, refuse: right, hint: 'a check of type none asks nobody' },
} as const satisfies Readonly<Record<string, CheckRow>>

export type CheckType = keyof typeof CHECKS

/** By which protocol a check with these keys asks. */
export const overOf = (type: CheckType, keys: CheckKeys): CheckRow['over'] =>
  type === 'dns' && keys['tcp'] === true ? 'tcp' : CHECKS[type].over

/** Null: not checked. */
export const probeOf = (type: CheckType): ProbeKind | null => CHECKS[type].probe
