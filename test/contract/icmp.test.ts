/** Pings over a raw socket on the real kernel: what it sends, what it answers, and what it says where there is no way. */
import { inNamespace, openIcmp } from '@lvsm/kernel'
import { decodeEchoReply, describeErrno, type Echo, echoRepliesTo, echoRequest } from '@lvsm/netlink'
import { describe, expect, test } from 'vitest'
import { openPinger, type Pinger } from '../../agent/node/adapters/ping.ts'
import { ip, run, space, value, wait } from './space.ts'

const ID = 0xabcd
const payload = Uint8Array.from({ length: 21 }, (_, at) => at * 7)

ip('addr add 10.55.9.1/24 dev left')
ip('addr add 10.55.9.2/24 dev left')
ip('addr add 2001:db8:55::1/64 dev left nodad')
ip('addr add 2001:db8:55::2/64 dev left nodad')

function pinger(id = ID) {
  const answers: Echo[] = []
  const socket = inNamespace(space, () =>
    openIcmp(echoRepliesTo(id), (packet) => answers.push(value(decodeEchoReply(packet)))),
  )
  const ask = (destination: string, source: string | null, sequence: number): number =>
    socket.send(echoRequest({ source, destination, id, sequence, payload }), destination)
  return { answers, socket, ask }
}

test('an answer brings back address, identifier, sequence and payload; the source address is ours to choose', async () => {
  const { answers, socket, ask } = pinger()
  try {
    expect(ask('127.0.0.1', null, 0xfffe)).toBe(0)
    await wait(() => answers.length === 1)
    expect(ask('10.55.9.1', '10.55.9.2', 7)).toBe(0)
    await wait(() => answers.length === 2)
    expect(answers).toEqual([
      { source: '127.0.0.1', destination: '127.0.0.1', id: ID, sequence: 0xfffe, payload },
      { source: '10.55.9.1', destination: '10.55.9.2', id: ID, sequence: 7, payload },
    ])
  } finally {
    socket.close()
  }
})

test('answers to others, and requests, are dropped in the kernel', async () => {
  const [mine, others] = [pinger(), pinger(ID + 1)]
  try {
    run('ip', 'netns', 'exec', space, 'ping', '-c', '1', '127.0.0.1')
    others.ask('127.0.0.1', null, 1)
    await wait(() => others.answers.length === 1)
    mine.ask('127.0.0.1', null, 2)
    await wait(() => mine.answers.length > 0)
    expect(mine.answers.map(({ sequence }) => sequence)).toEqual([2])
    expect(others.answers.map(({ sequence }) => sequence)).toEqual([1])
  } finally {
    mine.socket.close()
    others.socket.close()
  }
})

test('where there is no way the kernel says so at once', () => {
  const { socket, ask } = pinger()
  try {
    expect(describeErrno(ask('192.0.2.1', null, 1)).code).toBe('ENETUNREACH')
  } finally {
    socket.close()
  }
})

test('a packet filter of this host is told apart from a missing way', () => {
  const { socket, ask } = pinger()
  run('ip', 'netns', 'exec', space, 'nft', 'add table inet wall')
  run('ip', 'netns', 'exec', space, 'nft', 'add chain inet wall out { type filter hook output priority 0; }')
  run('ip', 'netns', 'exec', space, 'nft', 'add rule inet wall out icmp type echo-request drop')
  try {
    expect(describeErrno(ask('127.0.0.1', null, 1)).code).toBe('EPERM')
  } finally {
    run('ip', 'netns', 'exec', space, 'nft', 'delete table inet wall')
    socket.close()
  }
})

describe('the pinger of the agent', () => {
  interface Heard {
    readonly answers: string[]
    readonly unsent: string[]
    readonly troubles: string[]
  }
  function start(): Heard & { readonly pinger: Pinger } {
    const heard: Heard = { answers: [], unsent: [], troubles: [] }
    const pinger = openPinger({
      answered: (address, round) => heard.answers.push(`${address} ${round}`),
      asked: (_, unsent) => heard.unsent.push(unsent.map(({ address, error }) => `${address}: ${error}`).join('; ')),
      denied: (trouble) => heard.troubles.push(trouble?.message ?? 'over'),
    })
    return { ...heard, pinger }
  }
  const ask = (pinger: Pinger, round: number, ...addresses: readonly string[]): void =>
    inNamespace(space, () =>
      pinger.ask(
        round,
        addresses.map((address) => ({ address, source: null })),
      ),
    )

  test('hears the answers to its own requests only, also beyond 65,535 of them', async () => {
    const [mine, other] = [start(), start()]
    try {
      ask(mine.pinger, 1, '127.0.0.1', '10.55.9.1')
      ask(other.pinger, 9, '10.55.9.2')
      ask(mine.pinger, 0x1_0007, '127.0.0.1')
      await wait(() => mine.answers.length === 3 && other.answers.length === 1)
      expect([mine.answers.toSorted(), other.answers]).toEqual([
        ['10.55.9.1 1', '127.0.0.1 1', '127.0.0.1 65543'],
        ['10.55.9.2 9'],
      ])
      expect([mine.unsent, mine.troubles]).toEqual([['', ''], []])
    } finally {
      mine.pinger.close()
      other.pinger.close()
    }
  })

  test('asks hosts of both families, and says of each what could not be sent', async () => {
    const [mine, other] = [start(), start()]
    run('ip', 'netns', 'exec', space, 'nft', 'add table inet wall')
    run('ip', 'netns', 'exec', space, 'nft', 'add chain inet wall out { type filter hook output priority 0; }')
    try {
      ask(other.pinger, 9, '2001:db8:55::1')
      ask(mine.pinger, 1, '2001:db8:55::1', '10.55.9.1', '::1', '2001:db8:99::1')
      ask(mine.pinger, 0x1_0007, '2001:db8:55::2')
      await wait(() => mine.answers.length === 4 && other.answers.length === 1)
      expect([mine.answers.toSorted(), other.answers]).toEqual([
        ['10.55.9.1 1', '2001:db8:55::1 1', '2001:db8:55::2 65543', '::1 1'],
        ['2001:db8:55::1 9'],
      ])
      expect([mine.unsent, mine.troubles]).toEqual([['2001:db8:99::1: no route to that network', ''], []])
      run('ip', 'netns', 'exec', space, 'nft', 'add rule inet wall out icmpv6 type echo-request drop')
      ask(mine.pinger, 0x1_0008, '2001:db8:55::2', '10.55.9.1')
      expect(mine.unsent.at(-1)).toBe('2001:db8:55::2: the packet filter of this host drops the request')
      expect(mine.troubles).toEqual(['cannot ping: the packet filter of this host drops requests to 2001:db8:55::2'])
    } finally {
      run('ip', 'netns', 'exec', space, 'nft', 'delete table inet wall')
      mine.pinger.close()
      other.pinger.close()
    }
  })

  test('a VIP of IPv6 is never the source of a request', async () => {
    const { pinger, answers } = start()
    ip('addr add 2001:db8:55::10/64 dev left nodad preferred_lft 0')
    run('ip', 'netns', 'exec', space, 'nft', 'add table inet wall')
    run('ip', 'netns', 'exec', space, 'nft', 'add chain inet wall out { type filter hook output priority 0; }')
    const rule = 'icmpv6 type echo-request ip6 saddr 2001:db8:55::10 drop'
    run('ip', 'netns', 'exec', space, 'nft', `add rule inet wall out ${rule}`)
    try {
      ask(pinger, 1, '2001:db8:55::1')
      await wait(() => answers.length === 1)
    } finally {
      run('ip', 'netns', 'exec', space, 'nft', 'delete table inet wall')
      ip('addr del 2001:db8:55::10/64 dev left')
      pinger.close()
    }
  })

  test('tells of the answers that arrived before it sends the next requests, in the same turn of the event loop', () => {
    const said: string[] = []
    const pinger = openPinger({
      answered: (address, round) => said.push(`${address} answered ${round}`),
      asked: (round) => said.push(`sent ${round}`),
      denied: () => said.push('denied'),
    })
    try {
      // On loopback the answer is there when the call that sends returns; nothing is read meanwhile but by the next request.
      for (const round of [1, 2, 3]) ask(pinger, round, '127.0.0.1')
      expect(said).toEqual(['sent 1', '127.0.0.1 answered 1', 'sent 2', '127.0.0.1 answered 2', 'sent 3'])
    } finally {
      pinger.close()
    }
  })

  test('says what could not be sent, and complains of a packet filter until it is over', () => {
    const { pinger, unsent, troubles } = start()
    run('ip', 'netns', 'exec', space, 'nft', 'add table inet wall')
    run('ip', 'netns', 'exec', space, 'nft', 'add chain inet wall out { type filter hook output priority 0; }')
    run('ip', 'netns', 'exec', space, 'nft', 'add rule inet wall out icmp type echo-request drop')
    try {
      ask(pinger, 1, '127.0.0.1', '192.0.2.1')
      ask(pinger, 2, '127.0.0.1')
      run('ip', 'netns', 'exec', space, 'nft', 'flush chain inet wall out')
      ask(pinger, 3, '127.0.0.1', '192.0.2.1')
      expect(unsent).toEqual([
        '127.0.0.1: the packet filter of this host drops the request; 192.0.2.1: no route to that network',
        '127.0.0.1: the packet filter of this host drops the request',
        '192.0.2.1: no route to that network',
      ])
      expect(troubles).toEqual(['cannot ping: the packet filter of this host drops requests to 127.0.0.1', 'over'])
    } finally {
      run('ip', 'netns', 'exec', space, 'nft', 'delete table inet wall')
      pinger.close()
    }
  })
})
