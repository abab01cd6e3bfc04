/** What the lease process says, as an input of the core; and what goes through it to other agents. */
import { type FromLease, MAX_RELAY } from '@lvsm/protocol'
import type { NodeEffect, NodeInput } from './core/index.ts'
import type { LeaseProcess } from './ports.ts'

const decoder = new TextDecoder()

/** Null: nothing for the core. */
export function leaseInput(message: FromLease): NodeInput | null {
  switch (message.kind) {
    case 'hello':
      return null
    case 'status':
      return { kind: 'lease-status', status: message.status }
    case 'event':
      return { kind: 'lease-event', event: message.event }
    case 'relay':
      return { kind: 'message', from: message.from, text: decoder.decode(message.payload) }
  }
}

const encoder = new TextEncoder()
export function sendMessage(
  lease: Pick<LeaseProcess, 'tell'>,
  { to, text }: Extract<NodeEffect, { kind: 'message' }>,
  say: (text: string) => void,
): void {
  const payload = encoder.encode(text)
  if (payload.length <= MAX_RELAY) return void lease.tell({ kind: 'relay', to, payload })
  // The core keeps to the limit; should it fail once, nobody is to search for a message that never left.
  say(`a message of ${payload.length} bytes is too long for the relay: please report this`)
}
