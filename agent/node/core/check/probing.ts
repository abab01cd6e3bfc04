/** How a realserver is asked: one effect, whoever wants to know. */
import { type ConfigRealserver, type ConfigService, probeOf } from '@lvsm/model'
import type { NodeEffect } from '../events.ts'
import { sourceOf } from '../observe/interfaces.ts'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'

type Check = Extract<NodeEffect, { kind: 'check' }>

/** Where a realserver accepts connections by itself; null: by no one port of TCP. */
const servesAt = ({ protocol }: ConfigService, { port }: ConfigRealserver): number | null =>
  protocol === 'tcp' && port > 0 ? port : null

/** Null: it is not checked. */
export function probing(state: NodeState, { service, realserver }: Member, id: string): Check | null {
  const { type, keys, timeoutMs, port } = service.check
  const probe = probeOf(type)
  if (probe === null) return null
  const { address } = realserver
  const asked = port ?? realserver.port
  const source = sourceOf(state, address)
  // Of several ports, the one that is checked.
  const virtual = { address: service.address, port: service.port || asked }
  const serves = servesAt(service, realserver)
  const besides = probe === 'agent' && serves !== null && serves !== asked ? { serves } : {}
  return { kind: 'check', id, probe, keys, address, port: asked, source, timeoutMs, virtual, ...besides }
}
