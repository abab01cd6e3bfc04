/** A standby that hears nothing of connections: its counts may be right for a quarter of an hour, of connections that are no more. */
import { decodeMessage, encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from './fixture.ts'

/** dir1 owns the group, dir2 says what it hears, and knows as many as there are. */
function owner() {
  const one = node('dir1')
  one.kern.state.syncDaemons = []
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  let active = 100
  let heard: number | null = 7
  const says = (): void => {
    const message: StateMessage = {
      ...{ kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: 'ready', standby: false },
      ...{ ready: {}, pings: {}, troubles: [], events: [], established: { web: 3 * active } },
      ...(heard === null ? {} : { syncHeard: { dir1: heard, dir3: 9 } }),
    }
    one.feed({ kind: 'message', from: 'dir2', text: encodeMessage(message) })
  }
  const opens = (more: number): void => {
    active += more
    one.kern.state.services = one.kern.state.services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => ({ ...dest, active })),
    }))
  }
  /** Each second so many open at each of three realservers; half of them end, each second one, so that the count grows slowly. */
  const lives = (seconds: number, more: number, comes: number, who = 'dir1'): void => {
    for (let second = 0; second < seconds; second++) {
      opens(more)
      if (heard !== null) heard += comes
      goesOn(one, 1000, statusOf(who, 'dir1'))
      if (second % 2 === 0) says()
    }
  }
  const told = () =>
    one.core.status(one.now()).troubles.filter(({ code, node: of }) => code === 'standby-unaware' && of === 'dir1')
  opens(0)
  says()
  return { one, lives, told, tellsNothing: () => (heard = null) }
}

it('is told where connections come to be, and no message of them arrives, though its count is right', () => {
  const { lives, told } = owner()
  lives(30, 2, 3)
  expect(told()).toEqual([])
  lives(19, 2, 0)
  expect(told()).toEqual([])
  lives(6, 2, 0)
  expect(told()).toMatchObject([
    {
      ...{ object: 'group web', severity: 'warning' },
      message: 'dir2 hears nothing of connections of group web: those that are new would end if it took the group over',
    },
  ])
  lives(3, 2, 1)
  expect(told(), 'a message came').toEqual([])
})

it('is nothing to tell of where nothing new is established, or only what it heard of', () => {
  const { lives, told } = owner()
  lives(40, 0, 0)
  expect(told(), 'idle connections').toEqual([])
  lives(1, 3, 3)
  lives(60, 0, 0)
  expect(told(), 'the last of them was heard of').toEqual([])
  lives(1, 1, 0)
  lives(40, -1, 0)
  expect(told(), 'too few to say so').toEqual([])
})

it.each<[string, (one: TestNode) => () => void]>([
  [
    'a table that was flushed',
    ({ kern }) => {
      const all = kern.state.services
      kern.state.services = []
      return () => (kern.state.services = all)
    },
  ],
  [
    'a destination that was taken out',
    ({ kern }) => {
      const all = kern.state.services
      kern.state.services = all.map((service) => ({ ...service, dests: service.dests.slice(1) }))
      return () => (kern.state.services = all)
    },
  ],
])('is not told of idle connections of %s, and is there again', (_, out) => {
  const { one, lives, told } = owner()
  lives(5, 0, 0)
  const back = out(one)
  // The kernel has not taken it in again yet; when it does, what was established is there at once.
  one.kern.refuses = () => 'not yet'
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  one.kern.refuses = () => ''
  back()
  lives(40, 0, 0)
  expect(told()).toEqual([])
})

it('is not guessed of one that does not count, or of groups that this node does not own', () => {
  const { lives, told, tellsNothing } = owner()
  lives(40, 2, 0, 'dir2')
  expect(told()).toEqual([])
  tellsNothing()
  lives(40, 2, 0)
  expect(told()).toEqual([])
})

it('each director tells how much it hears of the others, by their names', () => {
  const one = node('dir2')
  one.kern.state.syncDaemons = []
  const [{ links: [link] = [] } = {}] = one.config.nodes.filter(({ name }) => name === 'dir1')
  const sync = one.config.nodes
    .find(({ name }) => name === 'dir1')
    ?.links.find(({ name }) => name === one.config.sync?.link)
  one.kern.syncHeard = new Map([
    [sync?.address ?? link?.address ?? '', 42],
    ['10.99.0.1', 7],
  ])
  one.feed({ kind: 'lease-up' })
  one.take('message')
  goesOn(one, 5000, statusOf('dir2', 'dir1'))
  const said = one.take('message').flatMap(({ text }) => {
    const decoded = decodeMessage(text)
    return decoded.ok && decoded.message.kind === 'state' ? [decoded.message.syncHeard] : []
  })
  expect(said.at(-1)).toEqual({ dir1: 42 })
})
