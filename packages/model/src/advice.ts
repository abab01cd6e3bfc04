/** Of a value that a key cannot take: what its author most likely meant. */
import { parseInet } from '@lvsm/base'
import { LONGEST_SECRET, SHORTEST_SECRET } from './config.ts'
import type { Path } from './document.ts'
import { DURATION_HINT, DURATION_KEYS, parseDuration, unitMeant } from './duration.ts'
import { show } from './show.ts'
import { FOREIGN_WORDS } from './tables/later.ts'

export interface Advice {
  readonly code: string
  readonly message: string
  readonly hint: string
}
type Adviser = (value: unknown, path: Path) => Advice | null

const duration: Adviser = (value, path) => {
  const bad = (message: string, hint: string): Advice => ({ code: 'bad-duration', message, hint })
  if (typeof value === 'number') return bad(`${show(value, path)} has no unit`, `${value}ms, or ${value}s?`)
  if (typeof value !== 'string') return null
  const [, figure = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([a-zA-Z]*)$/.exec(value) ?? []
  if (figure === '') return bad(`${show(value, path)} is no duration`, DURATION_HINT)
  if (unit === '') return bad(`${show(value, path)} has no unit`, `${figure}ms, or ${figure}s?`)
  const meant = unitMeant(unit)
  const written = meant === null ? null : `${figure}${meant}`
  const readable = written !== null && parseDuration(written) !== null
  return bad(`${show(value, path)} is no duration`, readable ? `write ${written}` : DURATION_HINT)
}

const PORTS: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  smtp: 25,
  domain: 53,
  dns: 53,
  http: 80,
  pop3: 110,
  imap: 143,
  ldap: 389,
  https: 443,
  imaps: 993,
  mysql: 3306,
  postgresql: 5432,
}
const port: Adviser = (value, path) => {
  if (typeof value !== 'string') return null
  const named = Object.hasOwn(PORTS, value.toLowerCase()) ? PORTS[value.toLowerCase()] : undefined
  const hint =
    named !== undefined
      ? `write ${named}`
      : /^[1-9]\d{0,4}$/.test(value)
        ? `write ${value}, without quotes`
        : 'write a number from 1 to 65535'
  return { code: 'bad-type', message: `${show(value, path)} is no port number`, hint }
}

const MAKE = 'make one with: openssl rand -hex 32'
/** Says what is wrong with it, and nothing of it. */
const secret: Adviser = (value) => {
  const bad = (message: string, hint: string): Advice => ({ code: 'bad-secret', message, hint })
  if (typeof value === 'number') return bad('the secret is read as a number', 'put it in quotes')
  if (typeof value !== 'string') return bad('the secret is no text', `write secret: "DIGITS"; ${MAKE}`)
  if (value === '') return bad('the secret is empty', MAKE)
  if (!/^[0-9a-fA-F]+$/.test(value))
    return bad(`of the ${value.length} characters of the secret some are no hexadecimal digits`, MAKE)
  if (value.length % 2 === 1)
    return bad(
      `the secret has ${value.length} hexadecimal digits, an odd number`,
      `one is missing, or too many; ${MAKE}`,
    )
  return bad(`the secret has ${value.length / 2} bytes`, `use ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes; ${MAKE}`)
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  true: true,
  1: true,
  no: false,
  off: false,
  false: false,
  0: false,
}
const boolean: Adviser = (value, path) => {
  const meant = Object.hasOwn(TRUTHS, String(value).toLowerCase()) ? TRUTHS[String(value).toLowerCase()] : undefined
  if (meant === undefined) return null
  return {
    code: 'bad-type',
    message: `${show(value, path)} is not true or false`,
    hint: `write ${meant}, without quotes`,
  }
}

/** Words of other versions and of other load balancers. */
const foreign =
  (key: string, today: readonly string[]): Adviser =>
  (value, path) => {
    const words = FOREIGN_WORDS[key]
    if (!words || typeof value !== 'string') return null
    const word = value.toLowerCase()
    const same = Object.hasOwn(words.same, word) ? words.same[word] : undefined
    const shown = show(value, path)
    if (same !== undefined)
      return {
        code: 'bad-value',
        message: `${shown} is not one of ${today.join(', ')}`,
        hint: `here it is called ${same}`,
      }
    if (!words.later.includes(word)) return null
    return {
      code: 'not-in-this-version',
      message: `${shown} is not in this version`,
      hint: `today: ${today.join(', ')}`,
    }
  }

/** Other ways of a check, which have other words or need none. */
const WAYS: Readonly<Record<string, string>> = {
  rip: 'take via out: without it the realserver’s own address is asked',
  tun: 'write vip: by forward: tun the question goes through the tunnel',
  agent: 'write own-view: true in its place',
}
const via: Adviser = (value, path) => {
  const hint = Object.hasOwn(WAYS, String(value)) ? WAYS[String(value)] : undefined
  return hint === undefined ? null : { code: 'bad-value', message: `${show(value, path)} is not vip`, hint }
}

/** YAML takes brackets for a list. */
const address: Adviser = (value) => {
  const [only, ...more] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof only !== 'string' || more.length > 0 || !parseInet(only)) return null
  return { code: 'bad-type', message: `[${only}] is a list`, hint: `write ${only}, without brackets` }
}

const BY_KEY: Readonly<Record<string, Adviser>> = {
  ...Object.fromEntries(DURATION_KEYS.map((key) => [key, duration])),
  port,
  address,
  secret,
  voter: boolean,
  'keep-last': boolean,
  'own-view': boolean,
  via,
  'one-packet': boolean,
  backup: boolean,
  verify: boolean,
  http2: boolean,
  tls: boolean,
  'dynamic-weight': boolean,
}

/** `allowed`: where the key takes one of a list of words. Null: nothing better is known than that it is wrong. */
export function adviceOn(path: Path, value: unknown, allowed: readonly string[] = []): Advice | null {
  const key = String(path.findLast((part) => typeof part === 'string'))
  const own = Object.hasOwn(BY_KEY, key) ? BY_KEY[key]?.(value, path) : null
  if (own) return own
  return Object.hasOwn(FOREIGN_WORDS, key) ? foreign(key, allowed)(value, path) : null
}

/** How a key that is missing is written. */
const EXAMPLES: Readonly<Record<string, string>> = {
  cluster: 'cluster: NAME',
  revision: 'revision: 1, and raise it with each change',
  keys: 'keys: [{ id: 1, file: KEYFILE }], the file with what openssl rand -hex 32 prints',
  'sign-with': 'sign-with: 1, the id of one of the keys',
  nodes: 'nodes: [{ name: dir1, roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.1 }] }, …]',
  groups: 'groups: [{ name: web, directors: [dir1, dir2], vips: [10.11.0.10/24] }]',
  name: 'name: NAME',
  roles: 'roles: [director], [realserver] or [witness]',
  links: 'links: [{ name: inside, address: 10.12.0.1 }]',
  directors: 'directors: [dir1, dir2], the preferred one first',
  vips: 'vips: [10.11.0.10/24]',
  group: 'group: NAME, the one whose VIP the service uses',
  address: 'address: ADDRESS',
  port: 'port: 80, or ports: [80, 443]',
  protocol: 'protocol: tcp',
  scheduler: 'scheduler: wlc',
  pool: 'pool: NAME, one of the pools',
  realservers: 'realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }]',
  node: 'node: NAME, one of the nodes',
  forward: 'forward: dr, or nat',
  id: 'id: 1',
  type: 'type: tcp',
}
export const exampleOf = (key: string): string => (Object.hasOwn(EXAMPLES, key) ? `add ${EXAMPLES[key]}` : 'add it')
