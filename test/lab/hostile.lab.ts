/** A realserver in the wrong hands: it has its keys and its address, and says whatever it likes, as itself and as others. */
import { decodeView, encodeMessage, type LeaseView, type Message } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type Random, seededRandom } from '@lvsm/base'
import { agentLie, leaseLie } from '../kit/lies.ts'
import { counters, leaseStatus, sendAs, signer } from './datagrams.ts'
import { demand, figure, lab, NODES, on, status } from './harness.ts'
import { inSoak, isSample, scenario } from './scenario.ts'
import { demandOneOwner, seats, served, told, watched, whole } from './witness.ts'

/** The simulator says ten thousand of them in ten seconds; emulated processors have no time for so many signatures. */
const MESSAGES = isSample ? 1000 : 3000
const LASTS_MS = MESSAGES * 10
/** In so short a time; the numbers that it names begin at a thousand. */
const MOST_LEASES = 50
/** A state file ends with its SHA-256. */
const CHECKSUM_BYTES = 32

/** What a node's lease process knows of the cluster. */
function viewOf(node: string): LeaseView {
  const stored = decodeView(readFileSync(`/var/lib/lvsm/${node}/lease.view`).subarray(0, -CHECKSUM_BYTES))
  demand(stored.kind === 'read', `the last view of ${node}: ${stored.kind}`)
  return stored.value
}

interface Victim {
  readonly address: string
  readonly incarnation: string
}
async function victims(view: LeaseView, hostile: string, link: string): Promise<Victim[]> {
  const others = NODES.filter((name) => name !== hostile)
  return Promise.all(
    others.map(async (name) => {
      const { incarnation } = await leaseStatus(name)
      const address = view.nodes.find((node) => node.name === name)?.links.find((one) => one.name === link)?.address
      return { address: address ?? '', incarnation }
    }),
  )
}

/** Lies to everybody in turn, one in five to the agents; signing them takes seconds, and others are to have their turn. */
async function lies(random: Random, view: LeaseView, hostile: string, all: readonly Victim[], number: number) {
  const [key] = view.keys
  demand(key && key.algorithm === 'sha256', 'the lab signs with sha256')
  const { cluster } = view
  const sign = signer({ cluster, keyId: key.id, secret: key.secret, from: hostile }, randomBytes(16).toString('hex'))
  const groups = view.groups.map(({ name: group, digest }) => ({ group, digest }))
  const made: { to: string; bytes: Uint8Array }[] = []
  for (let count = 0; count < MESSAGES; count++) {
    if (count % 50 === 0) await setImmediate()
    const { address, incarnation } = all[count % all.length] as Victim
    const echo = { incarnation, sequence: Math.floor(random.next() * 2000) }
    const message: Message =
      count % 5 === 0
        ? { kind: 'relay', payload: new TextEncoder().encode(encodeMessage(agentLie(random, count))) }
        : leaseLie(random, { groups, echo, highest: number })
    made.push({ to: address, bytes: sign(message, count + 1, incarnation) })
  }
  return made
}

scenario(
  'a realserver with the key says what it likes as itself: one owner, the service lasts, nothing ends or is shown',
  async () => {
    await whole()
    const { group, from, to, number } = await seats()
    const view = viewOf(from)
    const hostile = NODES.findLast((name) => view.nodes.some((node) => node.name === name && !node.voter)) ?? ''
    const link = view.nodes.find(({ name }) => name === hostile)?.links[0]
    demand(link, `a node that does not vote: ${hostile}`)
    await lab('stop', hostile, 'lease')
    const all = await lies(seededRandom(4711), view, hostile, await victims(view, hostile, link.name), number)
    const seen = await watched(() => sendAs(hostile, link.address, all, LASTS_MS))
    told(`${MESSAGES} messages of ${hostile}`, seen)
    const counted = await counters(to)
    figure(`${to} dropped`, JSON.stringify(counted))
    demand((counted['drop-not-entitled'] ?? 0) > MESSAGES / 60, 'they were understood, and not believed')
    demandOneOwner(seen)
    await served()
    const after = await status(to)
    const owned = after.groups.find(({ name }) => name === group)
    // A starved machine may move a group; what the liar says moves no number.
    const used = (owned?.number ?? 0) - number
    demand(
      owned?.owner && used >= 0 && used < MOST_LEASES,
      `lease ${owned?.number} of ${owned?.owner}, it was ${number}`,
    )
    demand(!JSON.stringify(after).includes('\\u001b'), 'no control characters are shown')
    demand(
      after.nodes.filter(({ name }) => name !== hostile).every(({ agent }) => agent),
      'every other agent lives',
    )
    await lab('start', hostile, 'lease')
    await whole()
  },
)

/** Messages of one whom it names. */
const EACH = 200

interface Posed {
  /** Whose address it sends from. */
  readonly source: string
  readonly all: readonly { readonly to: string; readonly bytes: Uint8Array }[]
}
/**
 * What it signs as each other node for each other: with the key that all share, with the one that it has with whom it speaks to,
 * and with the one that it has with whom it names. From its own address; where keys are pairwise, from theirs too.
 */
function poses(random: Random, view: LeaseView, own: string, all: readonly (Victim & { name: string })[]): Posed[] {
  const groups = view.groups.map(({ name: group, digest }) => ({ group, digest }))
  const keysFor = (name: string) => view.nodes.find((node) => node.name === name)?.pair?.keys ?? []
  return all.flatMap((as) => {
    const said = Array.from({ length: EACH }, (_, count) => {
      const to = all[count % all.length] as (typeof all)[number]
      const keys = [...view.keys, ...keysFor(to.name), ...keysFor(as.name)]
      const { id, secret } = keys[count % keys.length] as (typeof keys)[number]
      const sign = signer({ cluster: view.cluster, keyId: id, secret, from: as.name }, as.incarnation)
      const echo = { incarnation: to.incarnation, sequence: count }
      const message = leaseLie(random, { groups, echo, highest: count })
      return { to: to.address, bytes: sign(message, 1e9 + count, to.incarnation) }
    })
    const isPairwise = view.nodes.every(({ name, pair }) => name === view.node || pair?.shared === false)
    return [own, ...(isPairwise ? [as.address] : [])].map((source) => ({ source, all: said }))
  })
}

inSoak('a realserver that signs as others is believed by nobody: one owner, and the service lasts', async () => {
  await whole()
  const { group, from, to, number } = await seats()
  const hostile = NODES.findLast((name) => viewOf(from).nodes.some((node) => node.name === name && !node.voter)) ?? ''
  const view = viewOf(hostile)
  const link = view.nodes.find(({ name }) => name === hostile)?.links[0]
  demand(link, `a node that does not vote: ${hostile}`)
  await lab('stop', hostile, 'lease')
  const others = NODES.filter((name) => name !== hostile)
  const all = (await victims(view, hostile, link.name)).map((victim, at) => ({ ...victim, name: others[at] ?? '' }))
  const before = await counters(to)
  const seen = await watched(async () => {
    for (const { source, all: said } of poses(seededRandom(815), view, link.address, all)) {
      const isOther = source !== link.address
      if (isOther) await on(hostile, `ip address add ${source}/32 dev lo`)
      await sendAs(hostile, source, said, 2000)
      if (isOther) await on(hostile, `ip address del ${source}/32 dev lo`)
    }
  })
  told(`what ${hostile} signs as others`, seen)
  const after = await counters(to)
  const dropped = (['drop-source', 'drop-mac', 'drop-key'] as const).reduce(
    (sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0),
    0,
  )
  figure(`${to} dropped of it`, dropped)
  demand(dropped > EACH / 4, 'it was heard, and not believed')
  demandOneOwner(seen)
  await served()
  const owned = (await status(to)).groups.find(({ name }) => name === group)
  demand(owned?.owner && owned.number - number < MOST_LEASES, `lease ${owned?.number}, it was ${number}`)
  await lab('start', hostile, 'lease')
  await whole()
})
