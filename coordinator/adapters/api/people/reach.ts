/**
 * Whether a machine that joins is reached from here, at the address and ports that it named. It listens there for a moment and says
 * itself what arrived: by UDP nothing else tells a closed port from a lost word.
 */
import { createSocket, type Socket } from 'node:dgram'
import { connect, isIP, isIPv6 } from 'node:net'
import type { Refusal } from '@lvsm/base'
import type { ReachBody, ReachReport } from '@lvsm/protocol'

/** The word is sent so often, so many milliseconds apart. */
const UDP = { words: 5, pauseMs: 300 } as const
const TCP_MS = 2000
/** Machines that are tried at the same time. */
const MOST = 8

export const CROWDED: Refusal = {
  code: 'busy',
  message: `${MOST} machines are tried now`,
  hint: 'nothing was changed; try again in a few seconds',
}

export class Reach {
  #running = 0
  /** Null: too many others are tried. */
  async try({ udp, tcp, word }: ReachBody): Promise<ReachReport | null> {
    if (this.#running >= MOST) return null
    this.#running++
    try {
      const [told, ...faults] = await Promise.all([tryUdp(udp, word), ...tcp.map(tryTcp)])
      return { ...told, tcp: faults }
    } finally {
      this.#running--
    }
  }
}

type Endpoint = ReachBody['udp']

/** No names: nobody is to make a coordinator look them up. */
const NO_ADDRESS = 'no address'

function tryUdp({ host, port }: Endpoint, word: string): Promise<Pick<ReachReport, 'from' | 'answered'>> {
  if (!isIP(host)) return Promise.resolve({ from: '', answered: false })
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    let left: number = UDP.words
    let from = ''
    let timer: NodeJS.Timeout | undefined
    const end = (answered: boolean): void => {
      clearTimeout(timer)
      socket.removeAllListeners().on('error', () => undefined)
      socket.close()
      resolve({ from, answered })
    }
    const send = (): void => {
      if (left-- === 0) return end(false)
      socket.send(word, () => undefined)
      timer = setTimeout(send, UDP.pauseMs)
    }
    // Nobody listens there, or its network is not reached: it may be so at the first word only.
    socket.on('error', () => undefined)
    socket.on('message', (bytes) => {
      if (bytes.toString('latin1') === word) end(true)
    })
    socket.on('connect', () => {
      clearTimeout(timer)
      from = addressOf(socket)
      send()
    })
    timer = setTimeout(() => end(false), UDP.words * UDP.pauseMs)
    socket.connect(port, host)
  })
}
function addressOf(socket: Socket): string {
  try {
    return socket.address().address
  } catch {
    return ''
  }
}

function tryTcp({ host, port }: Endpoint): Promise<string | null> {
  if (!isIP(host)) return Promise.resolve(NO_ADDRESS)
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TCP_MS })
    const end = (fault: string | null): void => {
      socket.destroy()
      resolve(fault)
    }
    socket.on('connect', () => end(null))
    socket.on('timeout', () => end(`no answer within ${TCP_MS / 1000} s`))
    socket.on('error', (error) => end(error.message))
  })
}
