/** The certificate that browsers and joining machines see: of the cluster's authority, with a life, and made anew in time. */
import { type Authority, type Life, makeKeyPair, signCertificate } from '@lvsm/trust'
import { isIP } from 'node:net'

const DAY_MS = 86_400_000
/** What browsers take of an authority that was installed by hand. Apple, "Requirements for trusted certificates": 825 days. */
const LIFE_MS = 825 * DAY_MS
/** Clocks of clients may be so far behind. */
const BACKDATED_MS = DAY_MS

export interface ServerCertificate {
  /** PEM; in no file. */
  readonly key: string
  /** PEM, with the authority's behind it. */
  readonly cert: string
  readonly life: Life
}
export interface ServerNames {
  /** Of the node, for people who look at the certificate. */
  readonly node: string
  /** Host names and addresses that clients ask for. */
  readonly hosts: readonly string[]
}

/** A third of it is left, or the clock says that it is not valid yet: it was set. `now`: milliseconds of the wall clock. */
export const isDue = ({ notBefore, notAfter }: Life, now: number): boolean =>
  now < notBefore.getTime() || notAfter.getTime() - now < LIFE_MS / 3

/** A name of the certificate has 64 characters at most. */
const LONGEST_NAME = 64
const isName = (host: string): boolean => /^(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*$/.test(host)

export async function makeServerCertificate(
  authority: Authority,
  { node, hosts }: ServerNames,
  now: number,
): Promise<ServerCertificate> {
  const { privateKey, publicKey } = makeKeyPair()
  const notBefore = now - BACKDATED_MS
  const life = { notBefore: new Date(notBefore), notAfter: new Date(notBefore + LIFE_MS) }
  const addresses = hosts.filter((host) => isIP(host) !== 0)
  const dns = hosts.filter((host) => isIP(host) === 0 && isName(host))
  const names = { dns: [...new Set(dns)], addresses: [...new Set(addresses)] }
  const certificate = await signCertificate(authority, { name: node.slice(0, LONGEST_NAME), publicKey, names, life })
  return { key: privateKey, cert: `${certificate}${authority.certificate}`, life }
}
