/**
 * A network namespace of its own with a pair of interfaces, two netlink sockets in it, and the field's tools as judges:
 * what we write `ip -j` and `nft -j` must show, and what they write we must read. Needs root, and fails without it.
 */
import { execFileSync } from 'node:child_process'
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { type Decoded, type Message, rtnetlink as rt } from '@lvsm/netlink'
import { afterAll } from 'vitest'

export const space = `lvsm-contract-${process.pid}-${Date.now() % 100_000}`
export const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
export const ip = (args: string): string => run('ip', '-n', space, ...args.split(' '))
export const ipJson = (args: string): Record<string, unknown>[] =>
  JSON.parse(run('ip', '-n', space, '-d', '-j', ...args.split(' ')))
export const nftTool = (text: string): string => run('ip', 'netns', 'exec', space, 'nft', '-j', text)
export const objects = (): Record<string, Record<string, unknown>>[] => JSON.parse(nftTool('list ruleset')).nftables

export const value = <T>(decoded: Decoded<T>): T => {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}
export const all = <T>(messages: Message[], decode: (message: Message) => Decoded<T>): T[] =>
  messages.map((message) => value(decode(message)))
export const wait = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i > 500) throw new Error('waited five seconds in vain')
    await new Promise((done) => setTimeout(done, 10))
  }
}

run('ip', 'netns', 'add', space)
ip('link add left type veth peer name right')
for (const name of ['lo', 'left', 'right']) ip(`link set ${name} up`)
export const route = inNamespace(space, () => openNetlink(NETLINK.route))
export const filter = inNamespace(space, () => openNetlink(NETLINK.netfilter))
const links = all(route.dump(rt.dumpLinks()), rt.decodeLink)
export const index = links.find((link) => link.name === 'left')?.index ?? 0
export const otherIndex = links.find((link) => link.name === 'right')?.index ?? 0

afterAll(() => {
  route.close()
  filter.close()
  run('ip', 'netns', 'del', space)
})
