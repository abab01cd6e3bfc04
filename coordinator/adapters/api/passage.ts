/** What agents pass on, at the port for nodes: each request is answered once, and the connection ends. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { decodePassing, encodePassing, LONGEST_NAME, LONGEST_PASSED, type Passed } from '@lvsm/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { PASSING } from '../../../agent/nodelink/dial.ts'
import { textOf } from '../../../agent/nodelink/frames.ts'
import type { Caller } from '../../../agent/process/caller.ts'
import { KeyedRoom, type Places } from '../../../agent/nodelink/keyed-room.ts'
import { roleFor, routeFor } from '../../api/passed.ts'
import { notNow, type Reply, refusedWith } from '../../api/reply.ts'
import { LONGEST_BODY } from '../../api/request.ts'
import { askRoute, type Gate } from './gate.ts'
import { NOTHING } from './reading.ts'

/** From the connection to the request, and from there to the end of the answer. */
const PATIENCE_MS = 30_000
/** At the same time: of all nodes, and of one. Each may hold a body of a configuration's length until its node is known to be gone. */
const PLACES: Places = [32, 4]

interface Door {
  serve(
    path: string,
    take: (visitor: { request: IncomingMessage; socket: Duplex; head: Buffer; key: string }) => boolean | 'crowded',
  ): void
}

export function openPassage(door: Door, gate: Gate): void {
  const room = new KeyedRoom(PLACES)
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: false,
    // A body in which every character is escaped, and what stands around it.
    maxPayload: 2 * LONGEST_BODY + 64 * 1024,
  })
  door.serve(PASSING, ({ request, socket: raw, head, key }) => {
    const nodeOf = () => gate.configuration.known()?.enrolled.nodes.find((node) => node.key === key)?.name
    if (nodeOf() === undefined) return false
    // Before anything of the request is taken in: what waits there is memory.
    if (!room.enter(key)) return 'crowded'
    raw.once('close', () => room.leave(key))
    upgrades.handleUpgrade(request, raw, head, (socket) => {
      const late = setTimeout(() => socket.terminate(), PATIENCE_MS)
      socket.once('close', () => clearTimeout(late))
      socket.on('error', () => socket.terminate())
      socket.once('message', (data, isBinary) => {
        // It may have been removed since it connected.
        const node = nodeOf()
        if (node === undefined) return socket.terminate()
        void replyOf(gate, node, isBinary ? '' : textOf(data)).then((reply) => answer(socket, reply))
      })
    })
    return true
  })
}

async function replyOf(gate: Gate, node: string, text: string): Promise<Reply> {
  const read = decodePassing(text)
  if (!read.ok || read.message.kind !== 'asked') return NOT_UNDERSTOOD
  const { message } = read
  const name = routeFor(message)
  if (name === null) return refusedWith(404, [{ code: 'unknown-path', message: `there is no ${message.path}` }])
  const state = gate.configuration.known()
  if (!state) return notNow(NOTHING)
  const caller = { ...callerOf(message, node), role: roleFor(state, node, message, name) }
  return askRoute(gate, name, caller, { url: message.path, text: message.body, ifMatch: message.ifMatch })
}

const callerOf = ({ user }: Passed, node: string): Omit<Caller, 'role'> => ({
  name: `${user.name.slice(0, LONGEST_NAME - node.length - 4)} on ${node}`.slice(0, LONGEST_NAME),
  from: `node ${node}`,
  there: user.role,
})

function answer(socket: WebSocket, { status, body, revision }: Reply): void {
  if (socket.readyState !== socket.OPEN) return
  const text = JSON.stringify(body)
  if (text.length > LONGEST_PASSED / 2) return answer(socket, TOO_LONG)
  const tagged = revision === undefined ? {} : { etag: `"${revision}"` }
  socket.send(encodePassing({ kind: 'answered', status, ...tagged, body: text }), () => socket.close(1000))
}

const NOT_UNDERSTOOD = refusedWith(400, [
  {
    code: 'not-understood',
    message: 'the coordinator does not understand what the node passed on',
    hint: 'install the same version of lvsm on both',
  },
])
const TOO_LONG = refusedWith(503, [
  { code: 'too-long', message: 'the answer is too long to be passed on', hint: 'ask on the node of a coordinator' },
])
