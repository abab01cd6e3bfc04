import { SAMPLE } from '@lvsm/model'
import { describe, expect, test } from 'vitest'
import { goesOn, node } from '../fixture.ts'

const SERVICES = 560
const FIRST_PORT = 1000
/** Four operations each: a service, and three destinations. */
const LARGE = `${SAMPLE.slice(0, SAMPLE.indexOf('services:'))}services:
${Array.from({ length: SERVICES }, (_, at) =>
  SAMPLE.slice(SAMPLE.indexOf('  - name: http'))
    .replace('name: http', `name: s${at}`)
    .replace('port: 80\n', `port: ${FIRST_PORT + at}\n`)
    .replace(
      'port: 8080, forward: nat, gateway: 10.12.0.254',
      `port: ${FIRST_PORT + at}, forward: nat, gateway: 10.12.0.254`,
    ),
).join('')}`

describe('a plan of more changes than one step takes', () => {
  const begun = () => {
    const one = node('dir1', undefined, LARGE)
    one.feed({ kind: 'lease-up' })
    return one
  }
  test('is carried out in steps, one after the other, each in the order of the plan', () => {
    const one = begun()
    goesOn(one, 600)
    const steps = one.take('apply').map(({ operations }) => operations.length)
    expect(Math.max(...steps)).toBeLessThan(2010)
    expect(steps.length).toBeGreaterThan(1)
    expect(one.kern.state.services).toHaveLength(SERVICES)
    expect(one.kern.state.services.every(({ dests }) => dests.length === 3)).toBe(true)
    expect(one.core.events().events.map(({ kind }) => kind)).not.toContain('repaired')
  })
  test('more refusals than one step takes keep nothing else from its turn, and none of them is forgotten', () => {
    const one = begun()
    one.kern.refuses = (operation) =>
      operation.kind === 'service-add' && 'port' in operation.service && operation.service.port < FIRST_PORT + 520
        ? 'EINVAL'
        : ''
    goesOn(one, 600)
    expect(one.kern.state.services).toHaveLength(SERVICES - 520)
    const { troubles } = one.core.status(one.now())
    expect(JSON.stringify(troubles)).toContain('and 519 more for this reason')
  })
})
