/** Links that listen, with their port for nodes: what a coordinator starts. */
import type { Refusal } from '@lvsm/base'
import type { LinksHeard } from '../../ports.ts'
import { Links } from './links.ts'
import { type Endpoint, NodeServer } from './node-server.ts'
import type { LinkContext } from './options.ts'

export interface LinksSetting extends LinkContext {
  readonly listen: readonly Endpoint[]
  readonly heard: LinksHeard
}
export type OpenedLinks =
  /** `server`: for what else speaks with nodes. */
  | { readonly ok: true; readonly links: Links; readonly server: NodeServer }
  | { readonly ok: false; readonly refusal: Refusal }

export async function openLinks({ listen, heard, ...context }: LinksSetting): Promise<OpenedLinks> {
  const server = new NodeServer(context.identity, context.told, context.options)
  const links = new Links(context, server, heard)
  const refusal = await server.listen(listen)
  return refusal ? { ok: false, refusal } : { ok: true, links, server }
}
