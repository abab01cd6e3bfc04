/** Nodes that want to be coordinators, at the port for nodes: each says so once, is answered, and goes. */
import { type Admission, type Candidate, decodeJoining, encodeJoining, LONGEST_JOINING } from '@lvsm/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { textOf } from '../../../agent/nodelink/frames.ts'
import { KeyedRoom, type Places } from '../../../agent/nodelink/keyed-room.ts'
import { JOINING } from '../../../agent/nodelink/dial.ts'
import type { NodeServer } from '../links/node-server.ts'

/** From its connection to what it wants, and from there to the end of the answer. */
const PATIENCE_MS = 30_000
/** At the same time: of all nodes, and of one. */
const PLACES: Places = [32, 4]

export interface DoorOptions {
  /** Whose agent has this key; null: nobody's who is in. */
  nodeOf(key: string): string | null
  /** `node`: who asks, as its certificate proves. */
  admit(candidate: Candidate, node: string): Promise<Admission>
  /** It threw: a fault of this program. */
  crashed(error: unknown): void
}

export function openDoor(server: Pick<NodeServer, 'serve'>, { nodeOf, admit, crashed }: DoorOptions): void {
  const room = new KeyedRoom(PLACES)
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: false,
    maxPayload: LONGEST_JOINING,
  })
  server.serve(JOINING, ({ request, socket: raw, head, key }) => {
    const node = nodeOf(key)
    if (node === null) return false
    if (!room.enter(key)) return 'crowded'
    raw.once('close', () => room.leave(key))
    upgrades.handleUpgrade(request, raw, head, (socket) => {
      const late = setTimeout(() => socket.terminate(), PATIENCE_MS)
      socket.once('close', () => clearTimeout(late))
      socket.on('error', () => socket.terminate())
      socket.once('message', (data, isBinary) => {
        const candidate = candidateOf(isBinary ? '' : textOf(data))
        if (!candidate) return reply(socket, NOT_UNDERSTOOD)
        admit(candidate, node).then(
          (admission) => reply(socket, admission),
          (error: unknown) => {
            crashed(error)
            reply(socket, BROKEN)
          },
        )
      })
    })
    return true
  })
}

function candidateOf(text: string): Candidate | null {
  const read = decodeJoining(text)
  return read.ok && read.message.kind === 'candidate' ? read.message : null
}

function reply(socket: WebSocket, admission: Admission): void {
  if (socket.readyState !== socket.OPEN) return
  socket.send(encodeJoining(admission), () => socket.close(1000))
}

const NOT_UNDERSTOOD: Admission = {
  kind: 'refused',
  refusals: [
    {
      code: 'not-understood',
      message: 'this coordinator does not understand what the node asks for',
      hint: 'install the same version of lvsm on both',
    },
  ],
}
const BROKEN: Admission = {
  kind: 'refused',
  refusals: [
    {
      code: 'bug',
      message: 'a fault of the coordinator itself; the node may have become a member',
      hint: 'its log has more; asking again is safe',
    },
  ],
}
