/** Who asks: the user whose process is at the other end of the socket, as the kernel says (man 7 unix, SO_PEERCRED). */
import { peerOf } from '@lvsm/kernel'
import { LONGEST_NAME } from '@lvsm/protocol'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/** `passwd`: users of this machine. One of a directory service is told by his number. */
export function authorOf(socket: Socket, passwd = '/etc/passwd'): string {
  const fd = descriptorOf(socket)
  const uid = fd === null ? undefined : peerOf(fd)?.uid
  return uid === undefined ? 'unknown' : nameOf(uid, passwd).slice(0, LONGEST_NAME)
}

/** Node tells nobody; its handle has it. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return null
  const fd: unknown = Reflect.get(handle, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : null
}

function nameOf(uid: number, passwd: string): string {
  try {
    const row = readFileSync(passwd, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([, , number]) => number === String(uid))
    return row?.[0] || `uid ${uid}`
  } catch {
    return `uid ${uid}`
  }
}
