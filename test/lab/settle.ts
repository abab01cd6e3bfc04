/** The cluster as it was at the start: everything healed and started, nobody on standby, every realserver served. */
import { attempt, NODES, status, until } from './harness.ts'

const SETTLE_MS = 45_000

export async function settle(): Promise<void> {
  await attempt('lab heal')
  await Promise.all(NODES.map((node) => attempt(`lab start ${node} everything`)))
  const standing = await until(async () => (await status()).nodes, SETTLE_MS, 'an agent with quorum')
  await Promise.all(standing.filter((node) => node.standby).map((node) => attempt(`lvsm standby off ${node.name}`)))
  await until(async () => restored(await status()), SETTLE_MS, 'the cluster')
}

type Seen = Awaited<ReturnType<typeof status>>

const restored = ({ quorum, groups, services, nodes }: Seen): boolean =>
  quorum &&
  groups.every((group) => group.owner !== null) &&
  services.every((service) => service.realservers.every((server) => server.healthy === true && server.weight > 0)) &&
  nodes.every((node) => node.agent && !node.standby && !['late', 'dead', 'unknown', 'starting'].includes(node.state))
