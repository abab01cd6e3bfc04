/**
 * Who asks: the user whose process is at the other end of the socket, as the kernel says (man 7 unix, SO_PEERCRED). Of root, who
 * may be several people, also who logged in (man 5 proc, loginuid): it stays the same through sudo and su.
 */
import { type Holder, peerOf } from '@lvsm/kernel'
import { LONGEST_NAME, type UserRole } from '@lvsm/protocol'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

export interface Caller {
  readonly name: string
  readonly role: UserRole
  /** An address, or `socket`. */
  readonly from: string
  /** Whom a node asks for: as what he asked there, as that node says. What he may here is `role`. */
  readonly there?: UserRole
}

const NOBODY_LOGGED_IN = '4294967295'
const PLACES = { passwd: '/etc/passwd', proc: '/proc' }

/**
 * `name`: `root`, `alice`, `alice as root`. A user of a directory service is told by his number. Root, and the user of this process,
 * may do everything; whomever else the kernel lets in by the socket's group may read.
 */
export function callerOf(socket: Socket, places: typeof PLACES = PLACES): Caller {
  const fd = descriptorOf(socket)
  const peer = fd === null ? null : peerOf(fd)
  if (peer === null) return { name: 'unknown', role: 'viewer', from: 'socket' }
  const isOwn = peer.uid === 0 || peer.uid === process.geteuid?.()
  return { name: authorOf(peer, places), role: isOwn ? 'admin' : 'viewer', from: 'socket' }
}

function authorOf(peer: Holder, places: typeof PLACES): string {
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

/** Number of a group, as man 5 group has it; undefined: there is none of that name. */
export function groupNumber(name: string, file = '/etc/group'): number | undefined {
  const rows = (read(file) ?? '').split('\n').map((line) => line.split(':'))
  const digits = rows.find(([own]) => own === name)?.[2]
  return digits !== undefined && /^\d{1,10}$/.test(digits) ? Number(digits) : undefined
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
