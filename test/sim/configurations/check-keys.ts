/** Keys of one type of check each, some of them left out. */

type Keys = Readonly<Record<string, unknown>>

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

const UPGRADED = { starttls: true, host: 'mail.example', 'expiry-days': 7 }
const SECURED = { tls: true, host: 'mail.example', 'client-certificate-file': 'prober.pem' }

type Some = (keys: Keys) => Keys
const OTHERS: Readonly<Record<string, (some: Some) => Keys>> = {
  grpc: (some) => ({ ...some({ 'grpc-service': 'shop.Cart' }), ...some({ tls: true, host: 'web.example' }) }),
  expect: (some) => ({ expect: '^220', ...some({ send: 'QUIT\\r\\n' }), ...some(SECURED) }),
  ...Object.fromEntries(['imap', 'pop3', 'redis'].map((type) => [type, (some: Some) => some(SECURED)])),
  ...Object.fromEntries(
    ['smtp', 'ldap', 'ftp', 'mysql', 'postgres'].map((type) => [type, (some: Some) => some(UPGRADED)]),
  ),
  udp: (some) => some({ send: '\\x00', expect: 'ok' }),
  dns: (some) => ({
    ...some({ query: 'web.example', record: 'AAAA' }),
    ...some({ rcode: ['NOERROR', 'NXDOMAIN'], answers: 1, tcp: true }),
  }),
  agent: (some) => some({ send: 'state\\n' }),
  script: (some) => ({
    command: ['/bin/true', '{address}'],
    ...some({ contract: 'mon' }),
    ...some({ contract: 'keepalived', 'dynamic-weight': true }),
  }),
}

export function checkKeys(type: string, chance: (percent: number) => boolean): Keys {
  const some = (keys: Keys): Keys => (chance(60) ? keys : {})
  const [http, tls] = [type === 'http' || type === 'https', type === 'tls' || type === 'https']
  const page = http
    ? {
        ...some({ path: '/up' }),
        ...some({ status: [200, '300-399'] }),
        ...some({ http2: true }),
        ...some({ method: chance(50) ? 'GET' : 'OPTIONS', headers: ['X-Probe: yes'] }),
        ...some({ 'headers-file': 'token' }),
        ...some({ body: 'ok', 'body-digest': 'ab'.repeat(32) }),
      }
    : {}
  const certificate = tls
    ? {
        ...(chance(80) ? { host: 'web.example' } : {}),
        ...some({ sni: 'www.example' }),
        ...some({ verify: false }),
        ...some({ ca: CERTIFICATE }),
        ...some({ 'min-version': 1.3 }),
        ...some({ 'client-certificate-file': 'prober.pem' }),
        ...some({ 'expiry-days': 30 }),
      }
    : {}
  const stream = type === 'tcp' || type === 'tls' ? some({ close: 'reset' }) : {}
  return { ...page, ...certificate, ...stream, ...OTHERS[type]?.(some) }
}

const nodesOf = ({ realservers }: Keys): readonly unknown[] =>
  Array.isArray(realservers) ? realservers.map(({ node }: Keys) => node) : []
const hasAll = (one: Keys, other: Keys): boolean =>
  one['pool'] === undefined
    ? nodesOf(other).length > 0 && nodesOf(other).every((node) => nodesOf(one).includes(node))
    : one['pool'] === other['pool']

/** Where one before it has all of its realservers, and is checked, it goes by that: nothing is drawn for it. */
export function tracking(service: Keys, before: readonly Keys[]): Keys {
  const { name } =
    before.find((one) => {
      const { check } = one
      const isChecked = typeof check !== 'object' || (check !== null && 'type' in check && check.type !== 'none')
      return isChecked && one['protocol'] !== 'sctp' && one['group'] === service['group'] && hasAll(one, service)
    }) ?? {}
  return name === undefined ? service : { ...service, check: { track: name } }
}
