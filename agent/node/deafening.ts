/**
 * What a running node may not become by SIGHUP: one that the others do not hear, or that does not hear them. The nodes read
 * their files one after the other, and a group would lose its votes in between.
 */
import { describeRefusal, type Refusal } from '@lvsm/base'
import type { Configuration, Read } from './configuration.ts'

const HINT = 'change it in steps, each on every node before the next'
const STEPS = `${HINT}: add the new key to keys; name it in sign-with; take the old one out`
const RESTART = 'stop every node, and start them with the new file'

/** A file without faults of its own may still be none for a node that runs. */
export function bearable(before: Configuration, read: Read): Read {
  const refusal = read.ok ? deafening(before, read) : null
  return refusal ? { ok: false, faults: [describeRefusal(refusal)] } : read
}

/** Null: whoever has either of the two hears whoever has the other. */
export function deafening(before: Configuration, after: Configuration): Refusal | null {
  if (before.config.nodes.length === 1) return null
  if (before.config.cluster !== after.config.cluster) {
    const message = `the cluster was called ${before.config.cluster}, and nodes with different names of it do not hear each other`
    return { code: 'deafening', field: 'cluster', message, hint: RESTART }
  }
  if (!accepts(before, signature(after))) {
    const message = `nodes that did not read the new file yet do not know key ${after.config.signWith} of it`
    return { code: 'deafening', field: 'sign-with', message, hint: STEPS }
  }
  if (accepts(after, signature(before))) return null
  const message = `it lacks key ${before.config.signWith}, with which nodes sign that did not read it yet`
  return { code: 'deafening', field: 'keys', message, hint: STEPS }
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
