/** Every type of check that asks somebody, and how it is asked here. */
import { CHECKS, type CheckKeys, type CheckType } from '@lvsm/model'

export interface Kind {
  /** As it is printed, and as its server is called. */
  readonly name: string
  readonly type: CheckType
  readonly keys: CheckKeys
  /** One of as many as are wanted for others: it starts a process, and nobody has as many as he has connections. */
  readonly rarer: number
}
const RARER = 10

export function kindsOf(authority: string): readonly Kind[] {
  const trusted = { host: 'web.example', ca: authority }
  const keys: Partial<Record<CheckType, CheckKeys>> = {
    http: { path: '/', body: 'works' },
    https: { ...trusted, path: '/', body: 'works' },
    tls: trusted,
    udp: { send: 'x', expect: 'x' },
    dns: { query: 'bench.example', record: 'A', answers: 1 },
    expect: { send: 'ready?', expect: '^ready' },
    script: { command: ['/bin/true'] },
  }
  const types = (Object.keys(CHECKS) as CheckType[]).filter((type) => CHECKS[type].probe !== null)
  const plain = types.map((type): Kind => {
    const program = type === 'icmp' || CHECKS[type].asks === 'program'
    return { name: type, type, keys: keys[type] ?? {}, rarer: program ? RARER : 1 }
  })
  return [...plain, { name: 'http2', type: 'http', keys: { ...keys.http, http2: true }, rarer: 1 }]
}
