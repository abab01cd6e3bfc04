/** Links that listen, with their port for nodes: what a coordinator starts. */
import { X509Certificate } from 'node:crypto'
import type { Refusal } from '@lvsm/base'
import type { Endpoint } from '../../../agent/process/tls-port.ts'
import type { LinksHeard } from '../../ports.ts'
import { secureContext } from '../../../agent/nodelink/dial.ts'
import { Links } from './links.ts'
import { NodeServer } from './node-server.ts'
import type { LinkContext, NodeIdentity } from './options.ts'

export interface LinksSetting extends LinkContext {
  readonly listen: readonly Endpoint[]
  readonly heard: LinksHeard
}
export type OpenedLinks =
  /** `server`: for what else speaks with nodes. */
  | { readonly ok: true; readonly links: Links; readonly server: NodeServer }
  | { readonly ok: false; readonly refusal: Refusal }

export async function openLinks({ listen, heard, ...context }: LinksSetting): Promise<OpenedLinks> {
  const unusable = refuseIdentity(context.identity)
  if (unusable) return { ok: false, refusal: unusable }
  const server = new NodeServer(context.identity, context.told, context.options)
  const links = new Links({ ...context, listen }, server, heard)
  const refusal = await server.listen(listen)
  return refusal ? { ok: false, refusal } : { ok: true, links, server }
}

/** Null: TLS can be spoken with it. */
function refuseIdentity(identity: NodeIdentity): Refusal | null {
  let said: string
  try {
    secureContext(identity)
    const authority = new X509Certificate(identity.authority)
    if (new X509Certificate(identity.certificate).verify(authority.publicKey)) return null
    said = 'another authority signed it'
  } catch (error) {
    said = error instanceof Error ? error.message : String(error)
  }
  const message = `this node's certificate, its private key and the authority's certificate are no use together: ${said}`
  const hint = 'put the files back that init or join wrote, or let the node join again'
  return { code: 'identity-unusable', message, hint }
}
