// lab: topology=wan variants=yes long=yes
/**
 * A cluster is upgraded while it serves, node by node, and downgraded again. The later version (`next/`) says one more optional
 * field in heartbeats, requests, states and frames, and has one more kind of datagram, message and frame.
 */
import { demand, figure, lab, NODES, owner, sh, status, until } from './harness.ts'
import { looked, quiet, sampling } from './everyday.ts'
import { scenario } from './scenario.ts'
import { counters } from './datagrams.ts'
import {
  AFTERMATH_MS,
  demandNoneFailed,
  HANDED_OVER_MS,
  demandOneOwner,
  lasting,
  seats,
  told,
  watched,
  whole,
} from './witness.ts'

const NEXT = 'next'
const TODAY = '.'
const BACK_MS = 45_000
/** Ten processes start one after the other, and each is waited for. */
const LONGEST_MS = 1_200_000
/** Two publications of every agent, and many heartbeats. */
const TALK_MS = 8000
const WORKING: readonly string[] = ['owner', 'standby', 'serving', 'witness', 'idle']

/** By its own word and by that of the others. */
const isBack = async (node: string): Promise<boolean> => {
  const [own, all] = [await status(node), await status()]
  const works = (seen: typeof own): boolean =>
    seen.nodes.some(({ name, agent, state }) => name === node && agent && WORKING.includes(state))
  return own.quorum && all.quorum && works(own) && works(all)
}

type Process = 'lease' | 'agent'

/** One process after the other, so that for a while two versions share the node's socket. */
async function replace(node: string, folder: string, order: readonly [Process, Process]): Promise<void> {
  await lab('bundles', node, folder)
  for (const name of order) {
    await lab('stop', node, name)
    await lab('start', node, name)
    await until(() => isBack(node), BACK_MS, `${node} is back with another ${name}`)
    await lasting(AFTERMATH_MS)
  }
}

async function move(group: string, to: string): Promise<void> {
  await sh(`lvsm switchover ${group} ${to}`)
  await until(async () => (await owner(group)) === to, HANDED_OVER_MS, `${to} owns ${group}`)
  await lasting(AFTERMATH_MS)
}

/** Standby first, then the other nodes, the owner last, when it is no owner any more. */
async function roll(folder: string, halfWay: (upgraded: string, other: string) => Promise<void>): Promise<void> {
  const { group, from, to } = await seats()
  await replace(to, folder, ['lease', 'agent'])
  for (const node of NODES.filter((name) => name !== from && name !== to))
    await replace(node, folder, ['lease', 'agent'])
  // Each of the two versions owns the group once while the other one stands by.
  await move(group, to)
  await move(group, from)
  await halfWay(to, from)
  await move(group, to)
  await replace(from, folder, ['agent', 'lease'])
}

/** Every bundle of the node runs from there, by the kernel's own list. */
async function demandFolder(folder: string): Promise<void> {
  const wanted = folder === TODAY ? /dist\/lvsm-/ : /dist\/next\/lvsm-/
  for (const node of NODES)
    for (const row of (await lab('pids', node)).split('\n')) {
      const [, name, pid] = row.split('\t')
      if (name !== 'lease' && name !== 'agent') continue
      const command = (await sh(`cat /proc/${pid}/cmdline`)).replaceAll('\0', ' ')
      demand(wanted.test(command), `${name} of ${node}: ${command}`)
    }
}

const refusedKinds = (of: Readonly<Record<string, number>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(of).filter(([name]) => /kind|malformed|next/.test(name))))

/** The old version counts what it does not know, and reads all else; the new one knows it. */
async function demandCounted(upgraded: string, other: string): Promise<void> {
  await lasting(TALK_MS)
  const [later, today] = [await status(upgraded), await status(other)]
  figure(`${other}, today's`, refusedKinds(today.counters))
  figure(`${upgraded}, a later one`, refusedKinds(later.counters))
  for (const name of ['drop-kind', 'drop-message-unknown-kind'])
    demand((today.counters[name] ?? 0) > 0, `${other} counts no ${name}: ${refusedKinds(today.counters)}`)
  demand((later.counters['next-datagram'] ?? 0) > 0, `${upgraded} hears later datagrams`)
  for (const { node, counters: all } of [later, today])
    for (const [name, count] of Object.entries(all))
      if (name.startsWith('drop-') && name.endsWith('malformed')) demand(count === 0, `${node}: ${count} ${name}`)
  demand(!('drop-kind' in later.counters), `${upgraded} knows every kind: ${refusedKinds(later.counters)}`)
}

async function rolled(what: string, folder: string, halfWay: Parameters<typeof roll>[1]): Promise<void> {
  await quiet()
  // Who is started anew, and who moves, says so in the first lines; a trouble is none of it.
  const sampler = sampling(false)
  const seen = await watched(async () => {
    await roll(folder, async (upgraded, other) => {
      sampler.state('half way')
      await halfWay(upgraded, other)
    })
    await lasting(AFTERMATH_MS)
  })
  const wrong = await sampler.stop()
  figure('answers of nodes meanwhile', looked.answers)
  demand(wrong.length === 0, wrong.slice(0, 20).join('\n'))
  told(what, seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  await demandFolder(folder)
  await whole()
}

scenario(
  'a rolling upgrade under traffic: no request fails, nobody owns beside another',
  async () => {
    await rolled('upgrade', NEXT, demandCounted)
    for (const node of NODES) {
      const all = await counters(node)
      demand(!('drop-kind' in all) && !('drop-to-lease-unknown-kind' in all), `${node} knows all: ${refusedKinds(all)}`)
    }
  },
  LONGEST_MS,
)

scenario(
  'and a rolling downgrade: what the later version kept on disk is read, and no vote is silent',
  async () => {
    await rolled('downgrade', TODAY, async (downgraded, other) => {
      await lasting(TALK_MS)
      figure(`${downgraded}, today's`, refusedKinds((await status(downgraded)).counters))
      figure(`${other}, a later one`, refusedKinds((await status(other)).counters))
    })
    const { troubles } = await status()
    demand(!troubles.some(({ code }) => code === 'state-lost'), JSON.stringify(troubles))
  },
  LONGEST_MS,
)
