/**
 * Who asks: the user whose process is at the other end of the socket, as the kernel says (man 7 unix, SO_PEERCRED). Of root, who
 * may be several people, also who logged in (man 5 proc, loginuid): it stays the same through sudo and su.
 */
import { peerOf } from '@lvsm/kernel'
import { LONGEST_NAME } from '@lvsm/protocol'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

const NOBODY_LOGGED_IN = '4294967295'
const PLACES = { passwd: '/etc/passwd', proc: '/proc' }

/** `root`, `alice`, `alice as root`. A user of a directory service is told by his number. */
export function authorOf(socket: Socket, places: typeof PLACES = PLACES): string {
  const fd = descriptorOf(socket)
  const peer = fd === null ? null : peerOf(fd)
  if (peer === null) return 'unknown'
  const name = nameOf(String(peer.uid), places.passwd)
  const login = peer.uid === 0 && peer.pid !== 0 ? (read(`${places.proc}/${peer.pid}/loginuid`) ?? '').trim() : ''
  const isAnother = /^[1-9][0-9]*$/.test(login) && login !== NOBODY_LOGGED_IN
  return (isAnother ? `${nameOf(login, places.passwd)} as ${name}` : name).slice(0, LONGEST_NAME)
}

/** Node tells nobody; its handle has it. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return null
  const fd: unknown = Reflect.get(handle, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : null
}

function nameOf(uid: string, passwd: string): string {
  const rows = (read(passwd) ?? '').split('\n').map((line) => line.split(':'))
  return rows.find(([, , number]) => number === uid)?.[0] || `uid ${uid}`
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
