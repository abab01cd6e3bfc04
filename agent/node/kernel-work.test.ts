import type { Observed, Operation } from '@lvsm/plan'
import { expect, it } from 'vitest'
import { KernelWork } from './kernel-work.ts'
import type { NodeInput } from './core/index.ts'

const sysctl = (what: string): Operation => ({
  ...{ kind: 'sysctl', path: `net/ipv4/conf/all/arp_${what}` },
  ...{ value: '1', was: '0', why: 'a test' },
})
const alias: Operation = {
  ...{ kind: 'alias-add', address: '10.11.0.10', prefix: 32 },
  ...{ index: 1, label: 'lo:lvsm' },
}
const route: Operation = { kind: 'route-set', gateway: '10.12.0.254', index: 2 }

const NOTHING_SEEN = {
  ...{
    links: [],
    addresses: [],
    localRoutes: [],
    defaults: [],
    answers: { routes: [], rules: [] },
    sysctls: new Map(),
    services: [],
    natRules: null,
  },
} satisfies Observed
const never = () => expect.fail('nobody asked for that')

/** What was tried of a plan, and what was told of it. */
function carried(plan: readonly Operation[], refuses: (operation: Operation) => boolean = () => false) {
  const course: string[] = []
  const told: NodeInput[] = []
  const work = new KernelWork(
    {
      ...{ observe: never, sockets: never, watch: () => undefined, close: () => undefined },
      apply(operation) {
        course.push(operation.kind)
        return refuses(operation) ? { message: 'not by a test' } : null
      },
    },
    (input) => void told.push(input),
    never,
  )
  work.carryOut({ kind: 'apply', operations: plan })
  return { course, told }
}

it('a plan is carried out in order, before anything else is heard', () => {
  expect(carried([route, alias, route])).toEqual({
    course: ['route-set', 'alias-add', 'route-set'],
    told: [{ kind: 'applied', failures: [] }],
  })
})

it('what relied on a refused step is left out, and only that is told which the kernel refused', () => {
  const [ignore, announce] = [sysctl('ignore'), sysctl('announce')]
  const { course, told } = carried([ignore, announce, route, alias], ({ kind }) => kind === 'sysctl')
  const failures = [ignore, announce].map((operation) => ({ operation, message: 'not by a test' }))
  expect(told).toEqual([{ kind: 'applied', failures }])
  expect(course).toEqual(['sysctl', 'sysctl', 'route-set'])
})

it('a look is answered at once, with the rules that were read before it', () => {
  const rules = [{ family: 'inet', table: 'site', chain: 'in', hook: 1, handle: 4, more: false, packets: null }]
  const told: NodeInput[] = []
  let read: ((text: string | null) => void) | null = null
  const work = new KernelWork(
    {
      ...{ apply: never, sockets: never, watch: () => undefined, close: () => undefined },
      observe: () => NOTHING_SEEN,
    },
    (input) => void told.push(input),
    (done) => {
      read = done
    },
  )
  const look = (): void => work.carryOut({ kind: 'observe', sysctls: [], services: false, gue: false, helpers: false })
  look()
  expect(told).toEqual([{ kind: 'observed', observed: NOTHING_SEEN }])
  read!(JSON.stringify(rules))
  look()
  expect(told[1]).toEqual({ kind: 'observed', observed: { ...NOTHING_SEEN, dropRules: rules } })
})
