// lab: long=yes
/** A director that lost IPVS, wholly or its table, hands over where another one is ready; a table that comes back moves nothing. */
import { readFileSync, writeFileSync } from 'node:fs'
import { demand, figure, lab, on, owner, PORT, sh, status, until, VIP } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { ipvsService } from './tables.ts'
import {
  AFTERMATH_MS,
  BETTER_FOR_MS,
  demandNoMove,
  demandOneOwner,
  HANDED_OVER_MS,
  handedOver,
  lasting,
  seats,
  served,
  told,
  watched,
  whole,
} from './witness.ts'

/** Longer than it takes to hand over. */
const LONG_ENOUGH_MS = 6000

inSoak('a table that is flushed by hand is repaired before anything moves', async () => {
  await whole()
  const { from, number } = await seats()
  const full = async (): Promise<boolean> =>
    (await ipvsService(from, `${VIP}:${PORT}`))?.destinations.filter(({ weight }) => weight > 0).length === 3
  const seen = await watched(async () => {
    for (let round = 0; round < 3; round++) {
      await on(from, 'ipvsadm -C')
      await until(full, BETTER_FOR_MS, 'the table is as it was')
    }
    await lasting(BETTER_FOR_MS)
  })
  told('table flushed three times', seen)
  demandNoMove(seen)
  const after = await seats()
  demand(after.from === from && after.number === number, `lease ${after.number} of ${after.from}`)
})

/** Freezes the agents of nodes, empties their tables, takes modules out of the one kernel, and lets nothing bring them back. */
async function loseModules(nodes: readonly string[], modules: string): Promise<void> {
  for (const node of nodes) await lab('freeze', node, 'agent')
  for (const node of nodes) await on(node, 'ipvsadm -C')
  await sh(`echo /bin/false > /proc/sys/kernel/modprobe && rmmod ${modules}`)
  for (const node of nodes) await lab('thaw', node, 'agent')
}
/** Every module of IPVS that this kernel has loaded, in an order in which they go: contract tests leave schedulers behind that the lab does not use. */
async function ipvsModules(): Promise<string> {
  const names = (await sh('cut -d" " -f1 /proc/modules')).split('\n').filter((name) => name.startsWith('ip_vs'))
  demand(names.includes('ip_vs'), `the kernel has IPVS as a module: ${names.join(' ')}`)
  return [...names.filter((name) => name !== 'ip_vs'), 'ip_vs'].join(' ')
}
async function bringModulesBack(modules: string): Promise<void> {
  await sh('echo /sbin/modprobe > /proc/sys/kernel/modprobe')
  await sh(`modprobe -a ${modules}`)
}

/** The other director has another scheduler for a while, so that it can go on without the module of the owner's. */
async function useScheduler(node: string, from: string, to: string): Promise<void> {
  const file = `/etc/lvsm/${node}.yaml`
  const text = readFileSync(file, 'utf8')
  demand(text.includes(`scheduler: ${from}\n`), `${file} has scheduler ${from}`)
  writeFileSync(file, text.replaceAll(`scheduler: ${from}\n`, `scheduler: ${to}\n`))
  await lab('stop', node, 'agent')
  await lab('start', node, 'agent')
  await until(async () => (await ipvsService(node, `${VIP}:${PORT}`))?.scheduler === to, 20_000, `${node} uses ${to}`)
  await whole()
}

scenario('IPVS refuses the table of the owner, not of the other director: the group is handed over', async () => {
  await whole()
  const { from, to, number } = await seats()
  await useScheduler(to, 'wrr', 'rr')
  try {
    const seen = await watched(async () => {
      try {
        await loseModules([from], 'ip_vs_wrr')
        await until(async () => (await owner()) === to, HANDED_OVER_MS, `${to} owns the group`)
        const own = (await status(from)).nodes.find(({ name }) => name === from)
        figure(`${from} says`, `${own?.state}: ${own?.reason}`)
        demand(own?.state === 'troubled', `${from} is ${own?.state}`)
        await served()
        await lasting(AFTERMATH_MS)
      } finally {
        await bringModulesBack('ip_vs_wrr')
      }
    })
    told('table refused', seen)
    demandOneOwner(seen)
    await handedOver(from, number, /cannot serve it: still to do: add/)
  } finally {
    await useScheduler(to, 'rr', 'wrr')
  }
  await served()
})

inSoak(
  'the module is gone, for both directors: both say so, nothing moves, and the tables come back with it',
  async () => {
    await whole()
    const { from, to, number } = await seats()
    const modules = await ipvsModules()
    const seen = await watched(async () => {
      try {
        await loseModules([from, to], modules)
        const gone = async (): Promise<number> =>
          (await status()).troubles.filter(({ code }) => code === 'no-ipvs').length
        await until(async () => (await gone()) === 2, HANDED_OVER_MS, 'both directors miss IPVS')
        await lasting(LONG_ENOUGH_MS)
      } finally {
        await bringModulesBack(modules)
      }
      await served()
    })
    told('module gone', seen)
    demandOneOwner(seen)
    demandNoMove(seen)
    await whole()
    const after = await seats()
    demand(after.from === from && after.number === number, `lease ${after.number} of ${after.from}`)
  },
)
