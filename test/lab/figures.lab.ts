// lab: topology=coordinated cluster=coordinated long=yes
/** A feed that was cut for a minute. */
import { CALLER_OPTIONS } from '../../agent/node/adapters/feed/caller.ts'
import { set } from './change.ts'
import { backAgain, joined, NEWCOMER } from './coordinators.ts'
import { demand, figure, lab, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { lasting, seats, whole } from './witness.ts'

const CUT_MS = 60_000
const LARGE_MS = 120_000
const { probeMs: PROBE_MS } = CALLER_OPTIONS

scenario('a feed that was cut for a minute has the newest revision within two probes of its link', async () => {
  await backAgain()
  await joined()
  await whole()
  const { from } = await seats()
  await lab('partition', NEWCOMER, 'others')
  await lasting(CUT_MS)
  const made = await set(from, { weight: 7 }, { service: 'http', server: 'rs1' }, 'server')
  demand(made, 'the change is acknowledged')
  const { revision } = made
  demand((await status(NEWCOMER)).revision < revision, 'it was cut off')
  await lab('heal')
  const healed = performance.now()
  await until(
    async () => (await status(NEWCOMER)).revision >= revision,
    LARGE_MS,
    `revision ${revision} on ${NEWCOMER}`,
  )
  const took = performance.now() - healed
  figure('newest revision after the cut', `${took.toFixed(0)} ms`)
  demand(took <= 2 * PROBE_MS, `within two probes of ${PROBE_MS} ms, and not ${took.toFixed(0)} ms`)
  await whole()
})
