/** What the lease process says, as an input of the core. */
import type { FromLease } from '@lvsm/protocol'
import type { NodeInput } from './core/index.ts'

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
