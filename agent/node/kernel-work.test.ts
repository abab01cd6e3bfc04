import type { Operation } from '@lvsm/plan'
import { expect, it, onTestFinished } from 'vitest'
import { KernelWork, TURN_MS } from './kernel-work.ts'
import type { Failure } from './core/index.ts'

const sysctl = (at: number): Operation => ({
  ...{ kind: 'sysctl', path: `net/ipv4/conf/all/arp_${at === 0 ? 'ignore' : 'announce'}` },
  ...{ value: '1', was: '0', why: 'a test' },
})
const alias: Operation = {
  ...{ kind: 'alias-add', address: '10.11.0.10', prefix: 32 },
  ...{ index: 1, label: 'lo:lvsm' },
}
const route: Operation = { kind: 'route-set', gateway: '10.12.0.254', index: 2 }

const never = () => expect.fail('nobody asked for that')

/** A kernel of which each call takes so long, and what came between them. */
function carried(plan: readonly Operation[], callMs: number, refuses: (operation: Operation) => boolean = () => false) {
  let now = 0
  const course: string[] = []
  const others = setInterval(() => course.at(-1) === 'others' || course.push('others'), 0)
  const { promise: over, resolve } = Promise.withResolvers<readonly Failure[]>()
  const work = new KernelWork(
    {
      ...{ observe: never, sockets: never, watch: () => undefined, close: () => undefined },
      apply(operation) {
        now += callMs
        course.push(operation.kind)
        return refuses(operation) ? { message: 'not by a test' } : null
      },
    },
    (input) => input.kind === 'applied' && resolve(input.failures),
    () => now,
  )
  onTestFinished(() => clearInterval(others))
  work.carryOut({ kind: 'apply', operations: plan })
  return { work, course, over }
}

it('others have their turn while a long plan is carried out, which stays in order', async () => {
  const plan = Array.from({ length: 200 }, (_, at) => (at % 2 ? route : sysctl(at)))
  const { course, over } = carried(plan, TURN_MS)
  expect(course.length, 'not all in one turn').toBeLessThan(3)
  expect(await over).toEqual([])
  expect(course).toContain('others')
  expect(course.filter((kind) => kind !== 'others')).toEqual(plan.map(({ kind }) => kind))
})

it('a short one is through at once', () => {
  const { course } = carried([route, alias, route], 1)
  expect(course).toEqual(['route-set', 'alias-add', 'route-set'])
})

it('what relied on a refused step is left out, and only that is told which the kernel refused', async () => {
  const { course, over } = carried([sysctl(0), sysctl(1), route, alias], 1, ({ kind }) => kind === 'sysctl')
  expect((await over).map(({ operation, message }) => `${operation.kind}: ${message}`)).toEqual([
    'sysctl: not by a test',
    'sysctl: not by a test',
  ])
  expect(course).toEqual(['sysctl', 'sysctl', 'route-set'])
})

it('nothing more is done after a stop', async () => {
  const { work, course } = carried([route, route, route, alias], TURN_MS)
  work.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(course.filter((kind) => kind !== 'others').length).toBeLessThan(3)
})
