/** Faults of the owner, watched from outside: never two owners, and the service comes back. */
import { type Events } from '@lvsm/protocol'
import { demand, figure, lab, owner, sh, until, VIP } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { addresses } from './tables.ts'
import {
  AFTERMATH_MS,
  demandNoMove,
  demandNoneFailed,
  demandOneOwner,
  gatewaysToo,
  lasting,
  seats,
  type Seats,
  served,
  successorOf,
  told,
  watched,
  whole,
} from './witness.ts'

interface Fault {
  readonly name: string
  begin(seats: Seats): Promise<unknown>
  /** Before its end, while it lasts. */
  during?(seats: Seats): Promise<unknown>
  end(seats: Seats): Promise<unknown>
  /** Must the group move? */
  readonly moves: boolean
  /** Left to the soak: another one of the sample does the same to the lease. */
  readonly rare?: true
}

const newOwner = ({ from }: Seats): Promise<string> => successorOf(from)

const faults: readonly Fault[] = [
  {
    name: 'power cut of the owner',
    moves: true,
    begin: ({ from }) => lab('power-cut', from),
    during: newOwner,
    end: ({ from }) => lab('power-on', from),
  },
  {
    name: 'SIGSTOP of the lease process for 3 s',
    rare: true,
    moves: true,
    begin: ({ from }) => lab('freeze', from, 'lease'),
    during: (seats) => Promise.all([newOwner(seats), lasting(3000)]),
    end: ({ from }) => lab('thaw', from, 'lease'),
  },
  {
    name: 'SIGSTOP of everything for 3 s',
    moves: true,
    begin: ({ from }) => lab('freeze', from, 'all'),
    during: (seats) => Promise.all([newOwner(seats), lasting(3000)]),
    end: ({ from }) => lab('thaw', from, 'all'),
  },
  {
    name: 'SIGKILL of the lease process, which stays dead',
    moves: true,
    begin: ({ from }) => lab('kill', from, 'lease'),
    // Its address is still there, and the kernel keeps it silent.
    during: async (seats) => {
      await newOwner(seats)
      figure('the address is still at the dead one', String((await addresses(seats.from)).some((a) => a.local === VIP)))
      await lasting(AFTERMATH_MS)
    },
    end: ({ from }) => lab('start', from, 'lease'),
  },
  {
    name: 'partition between the directors',
    moves: false,
    begin: ({ from, to }) => lab('partition', from, to),
    during: () => lasting(2500),
    end: () => lab('rejoin'),
  },
  {
    name: 'the owner cut from all others, but not from the client',
    moves: true,
    begin: ({ from }) => lab('partition', from, 'others'),
    during: newOwner,
    end: () => lab('rejoin'),
  },
  {
    name: 'one way: the owner hears everybody, and nobody hears it',
    moves: true,
    begin: ({ from }) => lab('oneway', from, 'others'),
    during: newOwner,
    end: () => lab('rejoin'),
  },
  {
    name: "the owner's cable to the clients is pulled, its heartbeats go on inside",
    moves: true,
    begin: ({ from }) => lab('unplug', from, 'outside'),
    during: async ({ from, number }) => {
      await successorOf(from)
      const { events } = JSON.parse(await lab('api', from, 'GET', '/v1/events')) as Events
      const last = events.findLast((event) => event.node === from && event.number === number)
      demand(last?.kind === 'gave-up', `the last word of lease ${number}: ${JSON.stringify(last)}`)
      demand(last.reason.includes('interface outside is down'), `its reason: ${last.reason}`)
    },
    end: ({ from }) => lab('plug', from, 'outside'),
  },
  {
    name: '40 % loss on every link for 5 s',
    rare: true,
    moves: false,
    begin: () => lab('loss', '40'),
    during: () => lasting(5000),
    end: () => lab('loss', '0'),
  },
  {
    name: 'graceful stop of the lease process',
    rare: true,
    moves: true,
    begin: ({ from }) => lab('stop', from, 'lease'),
    // Nobody waits until its lease has run out: it said goodbye, and took the address with it.
    during: async (seats) => {
      demand(!(await addresses(seats.from)).some(({ local }) => local === VIP), `${seats.from} has no ${VIP} any more`)
      await newOwner(seats)
      const said = (await lab('logs', seats.from, 'lease'))
        .split('\n')
        .findLast((line) => line.includes(`${seats.group}: `))
      demand(said?.includes(`${seats.group}: released (lease `), `its last word of ${seats.group}: ${said}`)
    },
    end: ({ from }) => lab('start', from, 'lease'),
  },
]

for (const fault of faults) {
  const register = fault.rare ? inSoak : scenario
  register(`${fault.name}: one owner at every moment, and the service comes back`, async () => {
    await whole()
    const before = await seats()
    const seen = await watched(
      async () => {
        await fault.begin(before)
        try {
          await fault.during?.(before)
        } finally {
          await fault.end(before)
        }
        await lasting(AFTERMATH_MS)
        await until(owner, 15_000, 'somebody owns the group')
        await served()
      },
      await gatewaysToo(),
    )
    told(fault.name, seen)
    demandOneOwner(seen)
    demand(
      seen.owners.addresses.every(({ reigns }) => reigns.length > 0),
      'the observer saw an owner',
    )
    if (fault.moves) {
      const after = await seats()
      demand(after.number > before.number, `lease ${after.number} is above ${before.number}`)
      demand(
        seen.owners.addresses.every(({ changes }) => changes.some(({ from }) => from === before.from)),
        'the observer saw it move',
      )
    }
  })
}

inSoak('a link of the voter and of the standby dies: the owner keeps its lease over the other one', async () => {
  await whole()
  const before = await seats()
  const ports = [`${before.to}-in`, 'rs1-in']
  const seen = await watched(async () => {
    for (const port of ports) await sh(`ip link set ${port} down`)
    try {
      await lasting(4000)
    } finally {
      for (const port of ports) await sh(`ip link set ${port} up`)
    }
  })
  told('one link dead', seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demandNoMove(seen)
  const after = await owner()
  demand(after === before.from, `${after} owns what ${before.from} owned`)
})
