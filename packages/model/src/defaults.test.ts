import { expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { defaultsOf } from './defaults.ts'
import { SAMPLE } from './sample.ts'

it('a check that says nothing is as the documentation says, in the words of a file', () => {
  expect(defaultsOf('check', { protocol: 'tcp' })).toEqual({
    ...{ type: 'tcp', interval: '1s', timeout: '500ms', fall: 3, rise: 2, 'keep-last': true, 'own-view': false },
    ...{ 'fast-interval': '500ms', 'down-interval': '1s', jitter: 10, 'max-ejection': 100, 'down-linger': '3s' },
  })
  const config = checkConfig(SAMPLE.replace(/ {4}check: .*\n/, '')).config
  expect(config?.services[0]?.check).toEqual({
    ...{
      type: 'tcp',
      keys: {},
      port: null,
      intervalMs: 1000,
      timeoutMs: 500,
      fall: 3,
      rise: 2,
      keepLast: true,
      ownView: false,
    },
    pacing: {
      ...{
        fastIntervalMs: 500,
        downIntervalMs: 1000,
        jitter: 10,
        slowStartMs: 0,
        maxEjection: 100,
        panic: 0,
        flapHoldMs: 0,
      },
      downLingerMs: 3000,
    },
  })
})

it('intervals in between follow that of the check', () => {
  const pacing = (check: string) =>
    checkConfig(SAMPLE.replace(/check: \{[^}]*\}/, `check: ${check}`)).config?.services[0]?.check.pacing
  expect(pacing('{ type: tcp, interval: 5s }')).toMatchObject({ fastIntervalMs: 500, downIntervalMs: 5000 })
  expect(pacing('{ type: tcp, interval: 200ms, timeout: 100ms }')).toMatchObject({
    ...{ fastIntervalMs: 200, downIntervalMs: 200 },
  })
  expect(pacing('{ type: tcp, down-interval: 1h, flap-hold: 30s, down-linger: 10m }')).toMatchObject({
    ...{ downIntervalMs: 3_600_000, flapHoldMs: 30_000, downLingerMs: 600_000 },
  })
})
