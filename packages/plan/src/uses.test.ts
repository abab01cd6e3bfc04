import { expect, test } from 'vitest'
import { kernel, view } from './fixture.ts'
import { usesByInterface, usesText } from './index.ts'

const texts = (node: string): string[] =>
  [...usesByInterface(view(node), kernel())].map(([dev, uses]) => `${dev}: ${usesText(uses)}`).toSorted()

test('of each interface what goes by it, each once', () => {
  expect(texts('dir1')).toEqual([
    'inside: heartbeat link inside, what clients get, what realservers get',
    'outside: heartbeat link outside, what clients get, what realservers get',
  ])
})
test('each address is looked for once, however many services have it', () => {
  const host = kernel()
  let asked = 0
  const links = new Proxy(host.links, {
    get: (of, key, receiver) => {
      if (key === 'find') asked++
      return Reflect.get(of, key, receiver)
    },
  })
  const dir1 = view('dir1')
  const services = Array.from({ length: 500 }, () => dir1.services).flat()
  usesByInterface({ ...dir1, services }, { ...host, links })
  expect(asked).toBeLessThan(50)
})
