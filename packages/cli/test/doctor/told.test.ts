/** What the agent of a machine tells of it, as `lvsm doctor` asks it. */
import { afterEach, expect, test } from 'vitest'
import { toldBy } from '../../src/doctor/told.ts'
import { cleanUp, startAgent, STATUS } from '../agent.ts'

afterEach(cleanUp)

const trouble = (node: string, more: object = {}) => ({
  ...{ node, code: 'fought-over', severity: 'critical', message: 'as it says', ...more },
})

test('what it says of itself now, and not what others say, or what is over', async () => {
  const troubles = [
    trouble(STATUS.node, { hint: 'stop it', object: 'sysctl x' }),
    trouble('rs9'),
    trouble(STATUS.node, { pastMs: 1000 }),
    trouble(STATUS.node, { severity: 'info' }),
  ]
  const { socketPath } = await startAgent(() => ({ body: { ...STATUS, troubles } }))
  expect(await toldBy([socketPath])).toEqual([
    { code: 'fought-over', severity: 'critical', message: 'as it says', hint: 'stop it' },
  ])
  expect(await toldBy([socketPath, `${socketPath}.other`]), 'one of several may be of another machine').toBeNull()
  expect(await toldBy([`${socketPath}.other`])).toBeNull()
})
