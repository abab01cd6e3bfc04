/** Asks who has an address every few milliseconds and records every claim of it on the bridges' ports. */
import { openPacket } from '@lvsm/kernel'
import { observerMac } from '../../../scripts/lab/network.ts'
import type { OwnersReport } from '../../../scripts/lab/reports.ts'
import { addressesOn, macOf, networksOf, portOf, type Topology } from '../../../scripts/lab/topology.ts'
import { type Claim, judge, silencesOf } from './claims.ts'
import { claimFilter } from './filter.ts'
import { addressBytes, keyOf } from './address.ts'
import { claimIn, whoHas } from './frame.ts'
import { drain, interfaceIndex, now, stampArrivals } from './stamp.ts'

export interface OwnersOptions {
  readonly addresses: readonly string[]
  /** Milliseconds between questions. */
  readonly every: number
  /** Milliseconds of silence that end a reign. */
  readonly quiet: number
}

const ALL = 0x0003
/** Milliseconds between readings of the sockets: seldom is cheaper, but a long reading would hold up what is watched. */
const reading = 20
/** Silences that are listed, in milliseconds. */
const least = 50

const round = (ms: number): number => Math.round(ms * 100) / 100

/** All but the last part of an address. */
const prefixOf = (address: string): string => /^.*[.:]/.exec(address)?.[0] ?? ''

/** The network that an address belongs to, by the nodes' addresses (prefixes of 24, or of 64). */
function networkOf(topology: Topology, address: string): number {
  const prefix = prefixOf(address)
  const index = topology.networks.findIndex(({ name }) =>
    topology.nodes.some((node) => addressesOn(node, name).some((one) => one.startsWith(prefix))),
  )
  if (index < 0) throw new Error(`no network of the topology has ${address}`)
  return index
}

function watchClaims(topology: Topology, addresses: readonly string[], claims: Map<string, Claim[]>) {
  const directors: number[] = []
  const others: number[] = []
  const names = new Map<string, string>()
  for (const node of topology.nodes) {
    for (const network of networksOf(topology, node)) {
      const index = interfaceIndex(portOf(node.name, network))
      if (node.roles.includes('director')) directors.push(index)
      else others.push(index)
      names.set(macOf(node.addresses[network.name] as string), node.name)
    }
  }
  const filter = claimFilter(directors, others, addresses)
  const socket = openPacket(0, { ethertype: ALL, filter, ignoreOutgoing: true })
  stampArrivals(socket.fd)
  let lost = 0
  const read = () => {
    const whole = drain(socket.fd, (frame, at) => {
      const seen = claimIn(frame)
      if (seen) claims.get(seen.address)?.push({ at, owner: names.get(seen.mac) ?? seen.mac, kind: seen.kind })
    })
    if (!whole) lost += 1
  }
  return { read, close: () => socket.close(), lost: () => lost }
}

/** Asks only: an answer is read where it comes out of a director's port, from which nothing can stop it any more. */
function asker(topology: Topology, address: string, every: number) {
  const network = networkOf(topology, address)
  const mac = observerMac(network)
  const socket = openPacket(interfaceIndex(`ask-${topology.networks[network]?.port}`))
  let asked = 0
  const question = whoHas(address, { mac, address: `${prefixOf(address)}250` })
  const timer = setInterval(() => {
    asked += 1
    socket.send(question)
  }, every)
  const close = () => {
    clearInterval(timer)
    socket.close()
  }
  return { asked: () => asked, close }
}

/** Observes until `stop`, which gives the report. */
export function observeOwners(topology: Topology, { addresses, every, quiet }: OwnersOptions) {
  const began = now()
  const claims = new Map(addresses.map((address) => [keyOf(addressBytes(address)), [] as Claim[]]))
  const watch = watchClaims(topology, addresses, claims)
  const askers = addresses.map((address) => asker(topology, address, every))
  const directors = new Set(topology.nodes.filter(({ roles }) => roles.includes('director')).map(({ name }) => name))
  const timer = setInterval(watch.read, reading)
  return (): OwnersReport => {
    const ended = now()
    clearInterval(timer)
    watch.read()
    watch.close()
    for (const one of askers) one.close()
    return {
      began: round(began),
      ended: round(ended),
      everyMs: every,
      quietMs: quiet,
      lostFrames: watch.lost(),
      addresses: addresses.map((address, index) => {
        const all = claims.get(keyOf(addressBytes(address))) ?? []
        const answers = all.filter(({ kind }) => kind === 'answer').map(({ at }) => at)
        const silences = silencesOf(answers, began, ended, least)
        const judgement = judge(
          all.filter(({ owner }) => directors.has(owner)),
          { quiet, quantum: every },
        )
        const strangers = reignsOfOthers(all, directors, quiet)
        return {
          address,
          asked: askers[index]?.asked() ?? 0,
          answered: answers.length,
          longestSilenceMs: round(Math.max(0, ...silences.map(({ ms }) => ms))),
          silences: silences.map(({ from, ms }) => ({ from: round(from), ms: round(ms) })),
          twoOwnersMs: round(judgement.twoOwnersMs),
          overlaps: judgement.overlaps,
          changes: judgement.changes.map((change) => ({ ...change, at: round(change.at), gap: round(change.gap) })),
          reigns: judgement.reigns.map((reign) => ({ ...reign, from: round(reign.from), to: round(reign.to) })),
          strangers,
        }
      }),
    }
  }
}

const reignsOfOthers = (claims: readonly Claim[], directors: ReadonlySet<string>, quiet: number) =>
  judge(
    claims.filter(({ owner }) => !directors.has(owner)),
    { quiet, quantum: 0 },
  ).reigns
