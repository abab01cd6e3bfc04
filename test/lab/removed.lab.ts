// lab: long=yes
/** A realserver is removed while clients are connected to it: they go on, over a planned move and a power cut of the owner, until they end. */
import { beside, type Beside } from './beside.ts'
import { demand, figure, lab, on, owner, sh, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { type Program, says, serverOn, session } from './sessions.ts'
import { lasting, seats, successorOf, whole } from './witness.ts'

const DR = 7010
const NAT = 7011
const ACTS_MS = 30_000
/** Until the standby knows them (`surviving.ts`). */
const KNOWN_MS = 5000
const LEAVERS = {
  [DR]: '{ node: rs1, address: 10.11.0.11, forward: dr }, ',
  [NAT]: '{ node: rs3, address: 10.12.0.13, forward: nat, gateway: 10.12.0.254 }, ',
} as const
const SOCKETS = [`10.11.0.11:${DR}`, `10.12.0.13:${NAT}`] as const

const serviceOn = (port: typeof DR | typeof NAT): string =>
  `  - { name: removed-${port}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${LEAVERS[port]}{ node: rs2, address: 10.11.0.12, forward: dr }] }\n`
const ALL: Beside = {
  services: serviceOn(DR) + serviceOn(NAT),
  servers: () => [serverOn('rs1', DR), serverOn('rs2', DR), serverOn('rs3', NAT), serverOn('rs2', NAT)],
  last: `:${NAT} -m`,
}

/** Weights of those that leave, as `ipvsadm` has them; a dash: it is not in the table. */
async function weightsOn(node: string): Promise<string> {
  const lines = (await on(node, 'ipvsadm -Ln')).split('\n').map((line) => line.trim().split(/\s+/))
  return SOCKETS.map((socket) => lines.find(([, address]) => address === socket)?.[3] ?? '-').join(' ')
}
async function heard(all: readonly Program[], when: string): Promise<void> {
  for (const one of all) figure(`a session ${when}`, `an echo after ${(await says(one)).toFixed(0)} ms`)
}

scenario(
  'clients of a realserver that is removed go on, wherever the group is, and it leaves with the last of them',
  () =>
    beside(ALL, async () => {
      const { group, from, to } = await seats()
      // In turns: of two in a row each realserver has one.
      const all: Program[] = []
      for (const port of [DR, DR, NAT, NAT]) {
        const one = session(port)
        all.push(one)
        await one.line('connected ', ACTS_MS)
      }
      await heard(all, 'before')
      const undo = await rewrite((text) =>
        text.replace(LEAVERS[DR], '').replace(LEAVERS[NAT], '').replace('revision: 2', 'revision: 3'),
      )
      try {
        for (const node of [from, to])
          await until(async () => (await weightsOn(node)) === '0 0', ACTS_MS, `${node} has both at weight 0`)
        const said = async (): Promise<string> =>
          (await status(from)).troubles
            .filter(({ code }) => code === 'server-leaving')
            .map(({ message }) => message)
            .join('; ')
        await until(async () => /: 1 established, \d+ s left/.test(await said()), ACTS_MS, 'it is told')
        figure('status', await said())
        await heard(all, 'after the removal')
        await lasting(KNOWN_MS)
        figure('lvsm', await sh(`lvsm switchover ${group} ${to}`))
        await until(async () => (await owner()) === to, ACTS_MS, `${to} owns ${group}`)
        await heard(all, 'after the switchover')
        await lasting(KNOWN_MS)
        await lab('power-cut', to)
        demand((await successorOf(to)) === from, `${from} owns it again`)
        await heard(all, 'after the power cut')
        demand((await weightsOn(from)) === '0 0', `${from} has both still: ${await weightsOn(from)}`)
        for (const one of all) one.tell('end')
        await until(async () => (await weightsOn(from)) === '- -', ACTS_MS, `they have left the table of ${from}`)
        await lab('power-on', to)
        await until(async () => (await weightsOn(to)) === '- -', 2 * ACTS_MS, `and that of ${to}`)
      } finally {
        for (const one of all) one.end()
        await lab('heal')
        await undo()
      }
    }).then(whole),
)
