/** Connections that outlive their director: what was opened before goes on over a planned switchover, a power cut and the way back. */
import { beside, type Beside } from './beside.ts'
import { demand, figure, lab, owner, sh, until } from './harness.ts'
import { download, endsWell, type Program, says, serverOn, session } from './sessions.ts'
import { lasting, seats, successorOf, whole } from './witness.ts'

/** Two seconds in the kernel's buffer, looked at each second, and an emulated machine. */
const KNOWN_MS = 5000
const IDLE_MS = 20_000
export const STORY = 'downloads and idle sessions go on over a switchover, a power cut and the way back'

async function switchover(group: string, to: string): Promise<void> {
  figure('lvsm', await sh(`lvsm switchover ${group} ${to}`))
  await until(async () => (await owner()) === to, 15_000, `${to} owns ${group}`)
}

/** By name; those that are called downloads have to end whole and in order, the others to answer after each step. All are ended. */
export async function survive(programs: readonly (readonly [name: string, Program])[]): Promise<void> {
  const downloads = programs.filter(([name]) => name.startsWith('download'))
  const sessions = programs.filter((one) => !downloads.includes(one))
  const heard = async (when: string): Promise<void> => {
    for (const [name, one] of sessions) figure(`${name} ${when}`, `an echo after ${(await says(one)).toFixed(0)} ms`)
  }
  try {
    await whole()
    const { group, from, to } = await seats()
    for (const [, one] of programs) await one.line('connected ', 15_000)
    await lasting(IDLE_MS)
    await switchover(group, to)
    await heard('after the switchover')
    await lasting(KNOWN_MS)
    await lab('power-cut', to)
    await successorOf(to)
    await heard('after the power cut')
    await lab('power-on', to)
    await whole()
    await lasting(IDLE_MS)
    await switchover(group, to)
    await heard('after the way back')
    demand((await owner()) === to, `${to} owns it again, after ${from}`)
    for (const [name, one] of downloads) {
      const { bytes, longestGapMs } = await endsWell(one)
      figure(name, `${bytes} bytes, whole; longest gap ${longestGapMs} ms`)
    }
  } finally {
    for (const [, one] of programs) one.end()
  }
}

const [ANY, VIP6] = ['::', '2001:db8:11::10'] as const
interface Way6 {
  readonly name: string
  readonly port: number
  readonly node: string
  /** Of a service's list of realservers. */
  readonly server: string
}
/** Sessions and downloads over IPv6; the last way is the last service that is there. `option`: of `ipvsadm -Sn`, of its realserver. `keys`: of the file. */
export function survive6(ways: readonly Way6[], option: string, keys = ''): Promise<void> {
  const services = ways.map(
    ({ name, port, server }) =>
      `  - { name: long-${name.toLowerCase()}, group: web, address: "${VIP6}", port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${server}] }\n`,
  )
  const all: Beside = {
    services: services.join(''),
    servers: () => ways.map(({ node, port }) => serverOn(node, port, 'bytes', undefined, ANY)),
    last: `:${ways.at(-1)?.port} ${option}`,
    keys,
  }
  return beside(all, () =>
    survive(
      ways.flatMap(({ name, port }): (readonly [string, Program])[] => [
        [`session by ${name}`, session(port, VIP6)],
        [`download by ${name}`, download(port, VIP6)],
      ]),
    ),
  )
}
