/** Which faults hit whom, and in which order: by a seed. */
import type { Random } from '@lvsm/base'

export interface Fault {
  readonly name: string
  /** Whom it may hit: a power cut of the owner, or of the machine that alone has a vote, has to move the group. */
  readonly whom: 'any' | 'no-owner'
  begin(node: string): Promise<unknown>
}
export interface Hit<One = Fault> {
  readonly fault: One
  readonly node: string
}

export interface Wanted<One> {
  readonly faults: readonly One[]
  readonly rounds: number
  /** Two at once now and then. */
  readonly pairs: boolean
  readonly nodes: readonly string[]
  readonly owner: string
}

/** Every fault comes as often as any other; of two at once, none is there twice, and no node is hit twice. */
export function planned<One extends Pick<Fault, 'whom'>>(
  random: Random,
  { faults, rounds, pairs, nodes, owner }: Wanted<One>,
): Hit<One>[][] {
  const plan: Hit<One>[][] = []
  let bag: readonly One[] = []
  while (plan.length < rounds) {
    if (bag.length === 0) bag = faults
    const size = pairs && random.next() < 0.5 ? 2 : 1
    const hits: Hit<One>[] = []
    while (hits.length < size && bag.length > 0) {
      const fault = oneOf(random, bag)
      bag = bag.filter((one) => one !== fault)
      const free = nodes.filter((name) => !hits.some(({ node }) => node === name))
      hits.push({ fault, node: oneOf(random, fault.whom === 'any' ? free : free.filter((name) => name !== owner)) })
    }
    plan.push(hits)
  }
  return plan
}

function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}
