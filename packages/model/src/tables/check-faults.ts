/** What is wrong with keys of a check that are right one by one. */
import { TLS_KEYS } from './check-keys.ts'

export interface CheckFault {
  /** Where it is shown. */
  readonly key: string
  readonly code: string
  /** Goes on from the value of that key. */
  readonly message: string
  readonly hint: string
}
type Keys = Readonly<Record<string, unknown>>

/** A certificate is worth nothing without the name that it must be for. */
export function refuseNameless(keys: Keys): CheckFault | null {
  if (keys['verify'] === false || keys['host'] !== undefined || keys['sni'] !== undefined) return null
  return {
    key: 'type',
    code: 'no-certificate-name',
    message: 'looks at the certificate, and nothing says for which name it must be',
    hint: 'add host: NAME, the name in the certificate; or verify: false, to take any certificate',
  }
}
export function refuseBodiless(keys: Keys): CheckFault | null {
  const key = ['body', 'body-digest'].find((one) => keys[one] !== undefined)
  if (keys['method'] !== 'HEAD' || key === undefined) return null
  return {
    key: 'method',
    code: 'no-body',
    message: 'is answered without a body',
    hint: `take ${key} out, or write method: GET`,
  }
}
const FIRST = 'tls: true, to speak TLS from the first byte on'
const LATER = 'starttls: true, to begin it in a connection that is there'
/** Keys of TLS in a check that speaks in the clear would be heeded by nobody; `ways`: how a check of this type comes to speak it. */
const secured =
  (...ways: readonly string[]) =>
  (keys: Keys): CheckFault | null => {
    if (keys['tls'] === true || keys['starttls'] === true) return refuseNameless(keys)
    const key = Object.keys(TLS_KEYS).find((one) => keys[one] !== undefined)
    if (key === undefined) return null
    return {
      key,
      code: 'key-without-tls',
      message: 'is of TLS, and this check speaks in the clear',
      hint: `add ${ways.join('; or ')}; or take it out`,
    }
  }
export const refuseSecured = secured(FIRST)
export const refuseUpgraded = secured(LATER)
const eitherWay = secured(FIRST, LATER)
export const refuseEither = (keys: Keys): CheckFault | null =>
  keys['tls'] === true && keys['starttls'] === true
    ? {
        key: 'starttls',
        code: 'tls-twice',
        message: 'begins TLS in a connection that speaks it from the first byte on',
        hint: 'take one of them out: starttls is of the port that is spoken to in the clear (25, 110, 143, 389), tls of the one that is not (465, 993, 995, 636)',
      }
    : eitherWay(keys)
/** Configurations of before have keys of TLS in checks that speak in the clear: a warning says so. */
export const refuseUnnamed = (keys: Keys): CheckFault | null => (keys['tls'] === true ? refuseNameless(keys) : null)
export const refuseSilent = (keys: Keys): CheckFault | null =>
  keys['expect'] === undefined
    ? {
        key: 'type',
        code: 'nothing-expected',
        message: 'waits for an answer, and nothing says for which',
        hint: 'add expect: EXPRESSION; tcp only finds out whether somebody accepts connections',
      }
    : null
/** Whoever is asked without one. */
export const refusePort = (keys: Keys): CheckFault | null =>
  keys['port'] === undefined
    ? null
    : {
        key: 'port',
        code: 'no-port-in-check',
        message: 'says a port, and a check of type icmp asks none',
        hint: 'take port out, or write type: tcp to find out whether somebody accepts connections there',
      }
/** Only one contract knows weights. */
export const refuseWeightless = (keys: Keys): CheckFault | null =>
  keys['dynamic-weight'] === true && keys['contract'] !== 'keepalived'
    ? {
        key: 'dynamic-weight',
        code: 'no-weight-in-contract',
        message: 'is of the contract of keepalived',
        hint: 'add contract: keepalived, or take dynamic-weight out',
      }
    : null
export const refuseProgramless = (keys: Keys): CheckFault | null =>
  keys['command'] === undefined
    ? {
        key: 'type',
        code: 'no-command',
        message: 'runs a program, and nothing says which',
        hint: 'add command: [/usr/lib/nagios/plugins/check_http, -H, "{address}", -p, "{port}"]',
      }
    : null
