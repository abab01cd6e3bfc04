/** The server of a request, as HTTP writes it (RFC 3986, section 3.2): an address of IPv6 in brackets, and no port that everybody knows. */
import { endpointText } from '@lvsm/base'
import type { ProbeJob } from '@lvsm/protocol'
import { textOf } from '../keys.ts'

export function authorityOf(
  { keys, address, port }: Pick<ProbeJob, 'keys' | 'address' | 'port'>,
  secure: boolean,
): string {
  const host = textOf(keys, 'host') ?? address
  if (port !== (secure ? 443 : 80)) return endpointText(host, port)
  return host.includes(':') ? `[${host}]` : host
}
