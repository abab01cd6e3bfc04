// lab: topology=default variants=yes long=yes
/**
 * What the steps of a planned switchover save where directors tell each other of their connections: twenty moves under many new connections
 * a second, with all of them and without some (`without/`). Figures; the one demand is that nothing fails with all of them.
 */
import { beside, type Beside } from './beside.ts'
import { demand, figure, lab, owner, sh, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { serverOn, stream } from './sessions.ts'
import { lasting, seats, whole } from './witness.ts'

const MOVES = 20
const [DR, NAT, BOTH] = [7000, 7001, 7002] as const
/** Of each service; three of them are 200 connections a second. */
const EVERY_MS = 15
const BETWEEN_MS = 1500
const DIRECTORS = ['dir1', 'dir2'] as const

const RS1 = '{ node: rs1, address: 10.11.0.11, forward: dr }'
const rs3 = (port: number): string =>
  `{ node: rs3, address: 10.12.0.13, port: ${port}, forward: nat, gateway: 10.12.0.254 }`
const SERVICES = [
  ['steps-dr', DR, RS1],
  ['steps-nat', NAT, rs3(NAT)],
  ['steps-both', BOTH, `${RS1}, ${rs3(NAT)}`],
] as const
const TEXT = SERVICES.map(
  ([name, port, servers]) =>
    `  - { name: ${name}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${servers}] }\n`,
).join('')

const ALL: Beside = {
  services: TEXT,
  servers: () => [serverOn('rs1', DR), serverOn('rs3', NAT), serverOn('rs1', BOTH), serverOn('rs3', BOTH)],
  last: `:${BOTH} -r`,
}

async function run(folder: string): Promise<void> {
  for (const node of DIRECTORS) {
    await lab('bundles', node, folder)
    await lab('stop', node, 'agent')
    await lab('start', node, 'agent')
  }
  await whole()
}

interface Came {
  readonly begun: number
  readonly failed: number
  readonly slow: number
}
const isCame = (value: unknown): value is Came =>
  typeof value === 'object' && value !== null && 'begun' in value && 'failed' in value && 'slow' in value

/** Twenty moves; connections of each service that failed. */
async function moved(what: string): Promise<number> {
  const streams = SERVICES.map(([name, port]) => ({ name, program: stream(port, EVERY_MS) }))
  try {
    for (const { program } of streams) await program.line('ready', 20_000)
    const took: number[] = []
    for (let move = 0; move < MOVES; move++) {
      const { group, to } = await seats()
      const text = await sh(`lvsm switchover ${group} ${to}`)
      took.push(Number(/(\d+) ms/.exec(text)?.[1] ?? Number.NaN))
      await until(async () => (await owner()) === to, 15_000, `${to} owns ${group}`)
      await lasting(BETWEEN_MS)
    }
    figure(`${what}: a move takes`, `median ${took.toSorted((a, b) => a - b)[MOVES / 2]} ms`)
    let failed = 0
    for (const { name, program } of streams) {
      program.tell('end')
      const text = await program.line('{', 20_000)
      const came: unknown = JSON.parse(text)
      demand(isCame(came), text)
      failed += came.failed
      figure(`${what}: ${name}, ${MOVES} moves`, text)
    }
    return failed
  } finally {
    for (const { program } of streams) program.end()
  }
}

for (const [what, folder] of [
  ['with all steps', '.'],
  ['without quiet', 'without-quiet'],
  ['without handing packets back', 'without-hand-back'],
  ['without both', 'without-both'],
] as const)
  scenario(`${MOVES} planned switchovers ${what}`, async () => {
    await whole()
    await beside(ALL, async () => {
      if (folder !== '.') await run(folder)
      try {
        const failed = await moved(what)
        if (folder === '.') demand(failed === 0, `${failed} connections failed`)
      } finally {
        if (folder !== '.') await run('.')
      }
    })
  })
