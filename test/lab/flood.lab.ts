// lab: long=yes
/** A machine that is no node sends what one processor can at the owner's heartbeat ports, from within the kernel: nothing moves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LEASE_PORT } from './datagrams.ts'
import { demand, figure, on, sh, status } from './harness.ts'
import { scenario } from './scenario.ts'
import { demandOneOwner, seats, served, told, watched, whole } from './witness.ts'

const LASTS_MS = 15_000
/** The guest's second processor: pktgen has a kernel thread for each (Documentation/networking/pktgen.rst). */
const PROCESSOR = 1
const STRANGER = 'client'
/** Of whoever has no time for less: what a single processor sends without an effort. */
const LEAST_A_SECOND = 1000

interface Port {
  readonly device: string
  readonly address: string
  readonly mac: string
}
const ownPort = async (node: string, device: string): Promise<Port> => {
  const [link] = JSON.parse(await on(node, `ip -j -4 address show dev ${device} scope global`)) as {
    address?: string
    addr_info: { local: string }[]
  }[]
  const mac = await on(node, `cat /sys/class/net/${device}/address`)
  demand(link?.addr_info[0], `${node} has an address on ${device}`)
  return { device, address: link.addr_info[0].local, mac }
}

/** Packets that the rules in front of a node's heartbeat ports threw away. */
async function refused(node: string): Promise<number> {
  const rules = await on(node, 'nft list table inet lvsm-peers')
  return [...rules.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0)
}

async function flood({ device, address, mac }: Port): Promise<void> {
  const thread = `/proc/net/pktgen/kpktgend_${PROCESSOR}`
  const settings = [
    'count 0',
    'clone_skb 0',
    'pkt_size 160',
    'delay 0',
    `dst ${address}`,
    `dst_mac ${mac}`,
    `udp_dst_min ${LEASE_PORT}`,
    `udp_dst_max ${LEASE_PORT}`,
    'udp_src_min 1024',
    'udp_src_max 65535',
    'flag UDPSRC_RND',
  ].map((words) => `echo '${words}' > /proc/net/pktgen/${device}`)
  await sh('modprobe pktgen')
  await on(
    STRANGER,
    [`echo 'rem_device_all' > ${thread}`, `echo 'add_device ${device}' > ${thread}`, ...settings].join(' && '),
  )
  // The word `start` is taken when somebody else's `stop` has been carried out.
  const started = on(STRANGER, 'echo start > /proc/net/pktgen/pgctrl')
  await sleep(LASTS_MS)
  await on(STRANGER, 'echo stop > /proc/net/pktgen/pgctrl')
  await started
  figure('pktgen', (await on(STRANGER, `grep -o '[0-9]*pps.*' /proc/net/pktgen/${device}`)).trim())
  await on(STRANGER, `echo 'rem_device_all' > ${thread}`)
}

scenario(
  'a flood of strangers at the heartbeat port of the owner, all that one processor can send: no lease is lost',
  async () => {
    await whole()
    const { group, from, number } = await seats()
    const target = await ownPort(from, 'outside')
    const at = await refused(from)
    const seen = await watched(() => flood(target))
    const dropped = (await refused(from)) - at
    figure('refused by the kernel, a second', Math.round((1000 * dropped) / LASTS_MS))
    told('flood of strangers', seen)
    demand(dropped > (LEAST_A_SECOND * LASTS_MS) / 1000, `the flood came to the rules of ${from}: ${dropped}`)
    demandOneOwner(seen)
    const after = (await status()).groups.find(({ name }) => name === group)
    demand(
      after?.owner === from && after.number === number,
      `lease ${after?.number} of ${after?.owner}, it was ${number} of ${from}`,
    )
    await served()
  },
)
