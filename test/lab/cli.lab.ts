// lab: long=yes
/** The CLI against real agents: what a person and a script see, and what they can move. */
import { type Status } from '@lvsm/protocol'
import { attempt, demand, figure, NODES, owner, sh, status, until } from './harness.ts'
import { scenario } from './scenario.ts'

const asJson = async (node = ''): Promise<Status> =>
  JSON.parse(await sh(`lvsm ${node && `--node ${node} `}status -o json`)) as Status
const groupOf = ({ groups }: Status, name: string): Status['groups'][number] => {
  const group = groups.find((one) => one.name === name)
  demand(group, `a group ${name}`)
  return group
}
const directors = async (): Promise<{ group: string; from: string; to: string }> => {
  const [group] = (await status()).groups
  const to = group?.directors.find((name) => name !== group.owner)
  demand(group?.owner && to, 'a group with an owner and a second director')
  return { group: group.name, from: group.owner, to }
}

scenario('lvsm status tells owner, number, addresses and the state of each node', async () => {
  const seen = await until(
    async () => {
      const now = await asJson()
      return now.nodes.every((node) => node.agent) && now.groups.every((group) => group.owner !== null) && now
    },
    20_000,
    'every agent is heard',
  )
  demand(seen.quorum, 'quorum')
  demand(
    seen.nodes
      .map((node) => node.name)
      .toSorted()
      .join() === [...NODES].toSorted().join(),
    'every node of the topology',
  )
  demand(
    seen.nodes.every((node) => node.reason !== ''),
    'each node says in a sentence what it does',
  )
  demand(
    seen.groups.every((group) => group.number > 0 && group.leftMs > 0 && group.addresses.length > 0),
    'a lease with number, time and addresses',
  )
  const text = await sh('lvsm status')
  demand(
    NODES.every((name) => text.includes(name)),
    'the table names every node',
  )
})

scenario('every agent tells the same owner', async () => {
  const owners = await Promise.all(NODES.map(async (node) => (await status(node)).groups[0]?.owner))
  demand(new Set(owners).size === 1, `owners: ${owners.join(', ')}`)
})

scenario('lvsm switchover moves the group, and its number grows', async () => {
  const { group, from, to } = await directors()
  const { number } = groupOf(await status(), group)
  figure('lvsm says', await sh(`lvsm switchover ${group} ${to}`))
  const moved = await until(
    async () => [groupOf(await status(), group)].find((now) => now.owner === to),
    5000,
    `${to} owns ${group}`,
  )
  demand(moved.number > number, `lease ${moved.number} is above ${number}`)
  demand((await sh('lvsm events -n 50')).includes(to), 'the events name the new owner')
  await sh(`lvsm switchover ${group} ${from}`)
  await until(async () => (await owner(group)) === from, 5000, `${from} owns ${group} again`)
})

scenario('lvsm refuses unknown names with exit 1 and a way out, and changes nothing', async () => {
  const before = await owner()
  const { group } = await directors()
  for (const line of [
    'lvsm switchover no-such-group',
    `lvsm switchover ${group} no-such-node`,
    'lvsm standby on no-such-node',
  ]) {
    const { code, err } = await attempt(line)
    demand(code === 1 && err.includes('→'), `${line}: exit ${code}: ${err}`)
  }
  demand((await owner()) === before, 'the owner is the same')
})

scenario('a director on standby gives up its group, and takes none until it is over', async () => {
  const { group, from, to } = await directors()
  await sh(`lvsm standby on ${from}`)
  await until(async () => (await owner(group)) === to, 10_000, `${to} owns ${group}`)
  demand((await status()).nodes.find((node) => node.name === from)?.standby, `${from} is shown on standby`)
  const { code } = await attempt(`lvsm switchover ${group} ${from}`)
  demand(code === 1, `a switchover to a node on standby is refused, not ${code}`)
  await sh(`lvsm standby off ${from}`)
  await until(
    async () => (await status()).nodes.find((node) => node.name === from)?.standby === false,
    10_000,
    `${from} is off standby`,
  )
})
