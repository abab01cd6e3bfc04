/**
 * Sends heartbeat datagrams as somebody else would, in a process of its own: `flooder.ts INDEX HEX,HEX… MS LEAST`
 * sends these frames by turns over an interface, as fast as one processor can, for so long and until so many left (a busy machine
 * takes longer; ten times as long at most), and prints how many.
 */
import { openPacket } from '@lvsm/kernel'

const [index = '', frames = '', ms = '', least = ''] = process.argv.slice(2)
const socket = openPacket(Number(index))
const all = frames.split(',').map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
const begin = performance.now()
let sent = 0
const took = (): number => performance.now() - begin
while (took() < Number(ms) || (sent < Number(least) && took() < 10 * Number(ms)))
  for (let at = 0; at < 64; at++) if (socket.send(all[sent % all.length] ?? new Uint8Array(60)) === 0) sent += 1
socket.close()
process.stdout.write(`${sent}`)
