/**
 * What a running node may not become by SIGHUP: one that the others do not hear, or that does not hear them. The nodes read
 * their files one after the other, and a group would lose its votes in between.
 */
import { describeRefusal, type Refusal } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { Configuration, Read } from './configuration.ts'

const HINT = 'change it in steps, each on every node before the next'
const STEPS = `${HINT}: add the new key to keys; name it in sign-with; take the old one out`
const RESTART = 'stop every node, and start them with the new file'

/** A file without faults of its own may still be none for a node that runs. */
export function bearable(node: string, before: Configuration, read: Read): Read {
  const refusal = read.ok ? deafening(node, before, read) : null
  return refusal ? { ok: false, faults: [describeRefusal(refusal)] } : read
}

/** Null: whoever has either of the two hears whoever has the other. */
export function deafening(node: string, before: Configuration, after: Configuration): Refusal | null {
  if (before.config.nodes.length === 1) return null
  if (before.config.cluster !== after.config.cluster) {
    const message = `the cluster was called ${before.config.cluster}, and nodes with different names of it do not hear each other`
    return { code: 'deafening', field: 'cluster', message, hint: RESTART }
  }
  if (!accepts(before, signature(after))) {
    const message = `nodes that did not read the new file yet do not know key ${after.config.signWith} of it`
    return { code: 'deafening', field: 'sign-with', message, hint: STEPS }
  }
  if (!accepts(after, signature(before))) {
    const message = `it lacks key ${before.config.signWith}, with which nodes sign that did not read it yet`
    return { code: 'deafening', field: 'keys', message, hint: STEPS }
  }
  return apart(node, before.config, after.config)
}

/** So many addresses and ports of links are others at once that a majority of the voters is out of reach until it read the file too. */
function apart(node: string, before: Config, after: Config): Refusal | null {
  const voters = after.nodes.filter(({ voter }) => voter).map(({ name }) => name)
  const lost = voters.filter((name) => name !== node && isCutOff(node, name, before, after))
  if (2 * (voters.length - lost.length) > voters.length) return null
  const message = `${lost.join(', ')} would neither hear ${node} nor be heard by it until they read the new file too: addresses or ports have changed on every link to them, at both ends`
  return { code: 'deafening', field: 'nodes', message, hint: `${HINT}: one link after the other; or ${RESTART}` }
}

/** Where only one of the two is elsewhere, the machine itself was moved, and was out of reach before the file was read. */
function isCutOff(one: string, other: string, before: Config, after: Config): boolean {
  const ways = new Set(waysOf(after, one, other))
  const isOld = waysOf(before, one, other).some((way) => ways.has(way))
  return !isOld && isElsewhere(one, before, after) && isElsewhere(other, before, after)
}

const placesOf = ({ nodes }: Config, node: string) =>
  (nodes.find(({ name }) => name === node)?.links ?? []).map(({ name, address, port }) => ({
    link: name,
    place: `${address} ${port}`,
  }))
/** Of each link that both have, where they are on it. */
const waysOf = (config: Config, one: string, other: string): string[] =>
  placesOf(config, one).flatMap((here) =>
    placesOf(config, other)
      .filter(({ link }) => link === here.link)
      .map(({ place }) => `${here.place} ${place}`),
  )
/** Has it left one of its places? One that it did not have before is not elsewhere. */
function isElsewhere(node: string, before: Config, after: Config): boolean {
  const places = new Set(placesOf(after, node).map(({ place }) => place))
  return placesOf(before, node).some(({ place }) => !places.has(place))
}

interface Key {
  readonly id: number
  readonly algorithm: string
  readonly secret: string | undefined
}
const keysOf = ({ config, secrets }: Configuration): Key[] =>
  config.keys.map(({ id, algorithm, secret }) => ({ id, algorithm, secret: secret ?? secrets.get(id) }))

const signature = (one: Configuration): Key | undefined => keysOf(one).find(({ id }) => id === one.config.signWith)

const accepts = (one: Configuration, key: Key | undefined): boolean =>
  keysOf(one).some(
    ({ id, algorithm, secret }) => id === key?.id && algorithm === key.algorithm && secret === key.secret,
  )
