/** TCP connections by the kernel's own calls: a request costs a fifth of one by node:net, which matters under emulation. */
import { endpointBytes } from './sockaddr.ts'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const openSocket = libc.func('int socket(int domain, int type, int protocol)')
const bind = libc.func('int bind(int fd, void *address, uint length)')
const setOption = libc.func('int setsockopt(int fd, int level, int option, void *value, uint length)')
const connect = libc.func('int connect(int fd, void *address, uint length)')
const send = libc.func('long send(int fd, void *bytes, size_t length, int flags)')
const receive = libc.func('long recv(int fd, void *bytes, size_t length, int flags)')
const closeDescriptor = libc.func('int close(int fd)')
const epollCreate = libc.func('int epoll_create1(int flags)')
const epollControl = libc.func('int epoll_ctl(int epoll, int operation, int fd, void *event)')
const epollWait = libc.func('int epoll_wait(int epoll, void *events, int most, int timeout)')

const { EADDRNOTAVAIL, EAGAIN, EINPROGRESS } = koffi.os.errno
const STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000
const CLOEXEC = 0o2000000
const ADD = 1
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const EPOLLIN = 1
const EPOLLOUT = 4
const EPOLLET = 0x80000000
const MSG_NOSIGNAL = 0x4000
const most = 64
/** The empty line after a request's headers. */
const LAST_LINE = 2
/** struct epoll_event is packed on x86-64: events, then the descriptor. */
const eventSize = process.arch === 'x64' ? 12 : 16
const dataAt = eventSize - 8

export type Ending = { readonly text: string } | { readonly error: string }

const nameOf = (errno: number): string =>
  Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`

/** False when the kernel refuses the port; `errno` says why. */
function from(fd: number, any: string, localPort: number): boolean {
  if (localPort === 0) return true
  const yes = Buffer.from(Int32Array.of(1).buffer)
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, yes, yes.length)
  const place = endpointBytes(any, localPort)
  return bind(fd, place, place.length) >= 0
}

interface Talk {
  sent: boolean
  text: string
  readonly done: (ending: Ending) => void
}

/** Opens connections to one address, says the same on each, its last line `hold` milliseconds later, reads to the end. */
export class Caller {
  readonly #epoll: number
  readonly #poll: { close(): void }
  readonly #talks = new Map<number, Talk>()
  readonly #address: Buffer
  /** Of the same family. */
  readonly #any: string
  readonly #parts: readonly [Buffer, Buffer]
  readonly #hold: number
  readonly #events = Buffer.alloc(most * eventSize)
  readonly #bytes = Buffer.alloc(4096)
  readonly #event = Buffer.alloc(eventSize)

  constructor(address: string, port: number, question: string, hold: number) {
    this.#address = endpointBytes(address, port)
    this.#any = address.includes(':') ? '::' : '0.0.0.0'
    const whole = Buffer.from(question)
    const first = hold > 0 ? whole.length - LAST_LINE : whole.length
    this.#parts = [whole.subarray(0, first), whole.subarray(first)]
    this.#hold = hold
    this.#epoll = epollCreate(CLOEXEC)
    this.#poll = koffi.node.poll(this.#epoll, { readable: true }, () => this.#turn())
  }

  /**
   * Gives the descriptor, by which `hangUp` ends it; `done` is called once, later. From any port when `localPort` is 0, or
   * still belongs to a connection that has ended.
   */
  call(done: (ending: Ending) => void, localPort = 0): number {
    const fd: number = openSocket(this.#address.readUInt16LE(0), STREAM_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) throw new Error(`socket: ${nameOf(koffi.errno())}`)
    this.#talks.set(fd, { sent: false, text: '', done })
    const begun = from(fd, this.#any, localPort) && connect(fd, this.#address, this.#address.length) >= 0
    if (!begun && koffi.errno() !== EINPROGRESS) {
      const errno = koffi.errno()
      if (localPort > 0 && errno === EADDRNOTAVAIL) {
        this.#talks.delete(fd)
        closeDescriptor(fd)
        return this.call(done)
      }
      setImmediate(() => this.#end(fd, { error: nameOf(errno) }))
      return fd
    }
    // Between network namespaces the handshake is mostly over when the call returns: an event less.
    const refused = this.#ask(fd)
    if (refused && refused !== EAGAIN) {
      setImmediate(() => this.#end(fd, { error: nameOf(refused) }))
      return fd
    }
    this.#event.writeUInt32LE((EPOLLIN | (refused ? EPOLLOUT : 0) | EPOLLET) >>> 0, 0)
    this.#event.writeInt32LE(fd, dataAt)
    epollControl(this.#epoll, ADD, fd, this.#event)
    return fd
  }

  hangUp(fd: number, error: string): void {
    this.#end(fd, { error })
  }

  close(): void {
    this.#poll.close()
    closeDescriptor(this.#epoll)
  }

  #turn(): void {
    const count: number = epollWait(this.#epoll, this.#events, most, 0)
    for (let i = 0; i < count; i++) this.#go(this.#events.readInt32LE(i * eventSize + dataAt))
  }

  #go(fd: number): void {
    const talk = this.#talks.get(fd)
    if (!talk) return
    if (!talk.sent) {
      const refused = this.#ask(fd)
      if (refused) return refused === EAGAIN ? undefined : this.#end(fd, { error: nameOf(refused) })
    }
    for (;;) {
      const length: number = receive(fd, this.#bytes, this.#bytes.length, 0)
      if (length === 0) return this.#end(fd, { text: talk.text })
      if (length < 0) return koffi.errno() === EAGAIN ? undefined : this.#end(fd, { error: nameOf(koffi.errno()) })
      talk.text += this.#bytes.toString('latin1', 0, length)
    }
  }

  /** 0, or the error number; EAGAIN as long as the connection does not stand. */
  #ask(fd: number): number {
    const refused = this.#say(fd, this.#parts[0])
    const talk = this.#talks.get(fd)
    if (refused || !talk) return refused
    talk.sent = true
    if (this.#hold > 0) setTimeout(() => this.#talks.get(fd) === talk && this.#finish(fd), this.#hold)
    return 0
  }

  #finish(fd: number): void {
    const refused = this.#say(fd, this.#parts[1])
    if (refused && refused !== EAGAIN) this.#end(fd, { error: nameOf(refused) })
  }

  #say(fd: number, part: Buffer): number {
    return send(fd, part, part.length, MSG_NOSIGNAL) < 0 ? koffi.errno() : 0
  }

  #end(fd: number, ending: Ending): void {
    const talk = this.#talks.get(fd)
    if (!talk) return
    this.#talks.delete(fd)
    closeDescriptor(fd)
    talk.done(ending)
  }
}
