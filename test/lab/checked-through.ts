/** Checks that go through the VIP, in the lab: what a director has for them, and a realserver that only clients cannot reach. */
import { demand, figure, NODES, on, owner, PORT, status, until, VIP } from './harness.ts'

export const VICTIM = 'rs2'
export const LONGEST_MS = 30_000
export const DIRECTORS = NODES.filter((name) => name.startsWith('dir'))
const before = new Map<string, string>()
/** As the settings are now, they are to be again. */
export async function remember(): Promise<void> {
  for (const node of DIRECTORS) before.set(node, await settings(node))
}

/** Of one service; not there: of the first one that it is in. */
export async function victim(service?: string) {
  const { services } = await status()
  const asked = services.filter(({ name }) => service === undefined || name === service)
  const found = asked.flatMap(({ realservers }) => realservers).find(({ node }) => node === VICTIM)
  demand(found, `${VICTIM} is in a service`)
  const { healthy, weight, address, reason } = found
  return { healthy, weight: weight ?? 0, address: address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'), reason }
}
export const serves = (): Promise<boolean> => servesIn()
export const servesIn = async (service?: string): Promise<boolean> => {
  const { healthy, weight } = await victim(service)
  return healthy === true && weight > 0
}
/** The owner, where it is known. */
export async function holder(): Promise<string> {
  const name = await owner()
  demand(name, 'somebody owns the group')
  return name
}
/** Settings of all interfaces that such checks may change. */
const settings = (node: string): Promise<string> =>
  on(
    node,
    'for f in /proc/sys/net/ipv4/conf/*/accept_local /proc/sys/net/ipv4/conf/*/rp_filter; do echo $f $(cat $f); done',
  )
/** Entries of IPVS under a mark of checks, 0x4d000000 to 0x4dffffff; ipvsadm knows marks by decimal figures. */
async function entries(node: string): Promise<string[]> {
  const lines = (await on(node, 'ipvsadm -Sn')).split('\n')
  return lines.filter((line) => Math.floor(Number(/ -f (\d+)/.exec(line)?.[1] ?? 0) / 0x1_00_00_00) === 0x4d)
}
export const nothingOf = async (node: string): Promise<boolean> =>
  (await entries(node)).length === 0 &&
  !(await on(node, 'nft list ruleset')).includes('chain through') &&
  (await settings(node)) === before.get(node)

/** From what is planted until it is out; its own address answers all the while. */
export async function outAfter(
  what: string,
  plant: () => Promise<unknown>,
  { service, vip }: { readonly service?: string; readonly vip: string } = { vip: VIP },
): Promise<void> {
  await until(() => servesIn(service), LONGEST_MS, `${VICTIM} serves`)
  const began = performance.now()
  await plant()
  await until(async () => (await victim(service)).weight === 0, LONGEST_MS, `${VICTIM} is out`)
  figure(`${what}: out after`, `${(performance.now() - began).toFixed(0)} ms, the way of the status included`)
  const { address, reason } = await victim(service)
  demand(reason.includes(`asked through IPVS to ${vip}`), reason)
  await on(await holder(), `bash -c 'exec 3<>/dev/tcp/${address}/${PORT}'`)
}

/** Somebody is asked through the VIP by this director. */
export const hasTurn = async (node: string): Promise<boolean> =>
  (await entries(node)).some((line) => / -w 1(?: |$)/.test(line))
