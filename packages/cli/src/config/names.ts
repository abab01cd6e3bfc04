/** Names in place of numbers: ports by /etc/services, hosts by DNS. Resolved once, here; the number is what is committed. */
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { Failure } from '../failure.ts'

export interface Resolver {
  /** `protocol` null: of whichever it is one. */
  readonly port: (name: string, protocol: string | null) => number
  readonly address: (host: string) => Promise<string>
}

/** `said` is told of each name and its number: the operator shall see what is committed. */
export function resolver(said: (text: string) => void, services = '/etc/services', find = addressesOf): Resolver {
  return {
    port(name, protocol) {
      const all = portsOf(name, services)
      const port = (
        protocol === null
          ? (all.find(({ over }) => over === 'tcp') ?? all[0])
          : all.find(({ over }) => over === protocol)
      )?.port
      if (port === undefined)
        throw new Failure(
          'usage',
          `${JSON.stringify(name)} is no port: ${services} has no such service${protocol === null ? '' : ` over ${protocol}`}`,
          `give a number from 1 to 65535, or ${all[0] ? `protocol=${all[0].over}, over which it is one` : 'a name that stands there'}`,
        )
      said(`port ${name} is ${port} (${services})\n`)
      return port
    },
    async address(host) {
      const [text = '', prefix] = host.split('/')
      const addresses = [...new Set(await find(text).catch((error: Error) => unresolved(text, error.message)))]
      const [only, ...more] = addresses
      if (only === undefined) unresolved(text, 'it has no address')
      if (more.length > 0)
        throw new Failure('usage', `${text} has several addresses: ${addresses.join(', ')}`, 'say which')
      said(`${text} is ${only} (DNS)\n`)
      return prefix === undefined ? `${only}` : `${only}/${prefix}`
    },
  }
}

/** Of IPv4 where it has such: that of IPv6, which it may have beside it, is written out. */
async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true })
  const v4 = found.filter(({ family }) => family === 4)
  return (v4.length > 0 ? v4 : found).map(({ address }) => address)
}

function unresolved(host: string, why: string): never {
  throw new Failure(
    'usage',
    `cannot resolve ${JSON.stringify(host)}: ${why}`,
    'give an address, or a name that the DNS has',
  )
}

/**
 * Only what ends in a word: the system's resolver would take `0x7f.1` and `010.0.0.1` for addresses, and other ones than its
 * reader. Everything else is for the configuration's own rules.
 */
export const isHostName = (text: string): boolean =>
  /^(?:[A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9_-]*\.?(?:\/\d+)?$/.test(text)

/** man 5 services: name, port/protocol, aliases, # comment. */
function portsOf(name: string, services: string): { readonly port: number; readonly over: string }[] {
  return read(services)
    .split('\n')
    .flatMap((line) => {
      const [official, place = '', ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/)
      const [port, over] = place.split('/')
      const isIt = over !== undefined && (official === name || aliases.includes(name))
      return isIt ? [{ port: Number(port), over }] : []
    })
}
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
