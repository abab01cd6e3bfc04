// lab: topology=coordinated cluster=coordinated long=yes
/** Who is told what, and runs what, when something happens on real machines: while the teller dies, silenced, and with a hook that hangs. */
import { backAgain, joined, lvsm } from './coordinators.ts'
import { attempt, demand, figure, lab, on, owner, sh, until } from './harness.ts'
import { forgetTold, keepWaiting, startReceiver, stopReceiver, told, toldOf } from './receiver.ts'
import { scenario } from './scenario.ts'
import { lasting, seats, served, successorOf, whole } from './witness.ts'

const OUTSIDER = 'client'
const SERVER = 'rs1'
const [FIRST, SECOND] = ['dir1', 'dir2'] as const
const CAUSE = 'server-failed'
const TOLD_MS = 40_000
/** Longer than an alert takes that is not silenced: three seconds, and the way. */
const QUIET_MS = 12_000
/** Of a hook; long enough for a move to be over within it on a busy machine. */
const HANGS_S = 20
const LOG = `${process.env['LAB_DIR'] ?? '/tmp'}/hooks.log`

const outOf = async (): Promise<void> => void (await lab('kill', SERVER, 'web'))
const backIn = async (): Promise<void> => {
  await lab('start', SERVER, 'web')
  await whole()
}

scenario('a receiver is added, and takes a test', async () => {
  await backAgain()
  await joined()
  await whole()
  const url = await startReceiver(OUTSIDER)
  await lvsm(FIRST, `receiver add ops type=webhook url=${url} repeat=0s --yes`)
  await until(
    async () => (await attempt(`ip netns exec ${SECOND} lvsm alert test ops`)).code === 0,
    TOLD_MS,
    'the other director reaches it too',
  )
  await forgetTold()
})

scenario('the owner dies while it tells: another tells the same alert, and that it is over', async () => {
  const { group } = await seats()
  if ((await owner()) !== FIRST) await lab('api', '-', 'POST', '/v1/switchover', JSON.stringify({ group, to: FIRST }))
  await until(async () => (await owner()) === FIRST, TOLD_MS, `${FIRST} owns ${group}`)
  await whole()
  await forgetTold()
  await keepWaiting(true)
  await outOf()
  const first = await until(() => toldOf(CAUSE, 'firing')[0], TOLD_MS, 'the first word of it')
  // It has the request, and nobody knows whether it took it.
  await lab('power-cut', FIRST)
  await successorOf(FIRST)
  await keepWaiting(false)
  await until(() => toldOf(CAUSE, 'firing').some(({ from }) => from !== first.from), TOLD_MS, 'another one tells it')
  await until(() => toldOf('node-dead', 'firing').length > 0, TOLD_MS, `that ${FIRST} is dead`)
  await lab('power-on', FIRST)
  await backIn()
  for (const code of [CAUSE, 'node-dead'])
    await until(() => toldOf(code, 'resolved').length > 0, 2 * TOLD_MS, `that ${code} is over`)
  for (const code of [CAUSE, 'node-dead']) {
    const marks = new Set(told().flatMap((one) => (one.labels['alertname'] === code ? [one.fingerprint] : [])))
    demand(marks.size === 1, `${code} is one alert: ${[...marks].join(', ')}`)
    figure(`${code}: told firing, resolved`, `${toldOf(code, 'firing').length}, ${toldOf(code, 'resolved').length}`)
  }
  // A message has what lasts, too: what is over is in none after that.
  for (const code of [CAUSE, 'node-dead']) {
    const words = told().flatMap(({ labels, status }) => (labels['alertname'] === code ? [status] : []))
    demand(/^(firing )+(resolved ?)+$/.test(words.join(' ')), `${code} begins, and is over: ${words.join(' ')}`)
  }
})

scenario('what is silenced is told nobody, and when the silence ends it is', async () => {
  await whole()
  await lvsm(SECOND, `alert silence ${CAUSE} --for 30m --reason 'the lab' --yes`)
  await forgetTold()
  await outOf()
  try {
    await until(async () => (await on(FIRST, 'lvsm alert list')).includes(CAUSE), TOLD_MS, 'the cluster knows of it')
    await lasting(QUIET_MS)
    demand(toldOf(CAUSE, 'firing').length === 0, `silenced, and told: ${JSON.stringify(told())}`)
    await lvsm(SECOND, `alert silence ${CAUSE} --end --yes`)
    await until(() => toldOf(CAUSE, 'firing').length > 0, TOLD_MS, 'it is told now')
  } finally {
    await backIn()
  }
  await until(() => toldOf(CAUSE, 'resolved').length > 0, TOLD_MS, 'and that it is over')
})

/** A program of an operator's on both directors. */
async function hook(name: string, last: string): Promise<void> {
  const text = `#!/bin/sh\\necho "$LVSM_NODE ${name} $1" >> ${LOG}\\n${last}\\n`
  for (const node of [FIRST, SECOND])
    await on(
      node,
      `mkdir -p /etc/lvsm/hooks.d && printf '${text}' > /etc/lvsm/hooks.d/${name} && chmod 755 /etc/lvsm/hooks.d /etc/lvsm/hooks.d/${name}`,
    )
}
const ran = async (): Promise<string[]> => (await sh(`cat ${LOG}`)).split('\n').filter((line) => line !== '')

scenario('hooks run in their order at take and release, and one that hangs holds nothing up', async () => {
  await sh(`: > ${LOG}; chmod 666 ${LOG}`)
  await hook('first', 'exit 0')
  await hook('hangs', 'exec sleep 600')
  await hook('last', 'exit 0')
  await hook('leaves', 'exit 0')
  const { group, from, to } = await seats()
  await lvsm(
    from,
    `group set ${group} 'take-hooks=[first, hangs, last]' 'release-hooks=[leaves]' hook-timeout=${HANGS_S}s --yes`,
  )
  await until(async () => (await on(to, 'lvsm config show')).includes('hangs'), TOLD_MS, `${to} has them`)
  await lasting(QUIET_MS)
  await sh(`: > ${LOG}`)
  const began = performance.now()
  await lvsm(from, `switchover ${group} ${to}`)
  demand((await owner()) === to, `${to} owns ${group}`)
  await served()
  figure('moved and served, while a hook hangs, after', `${(performance.now() - began).toFixed(0)} ms`)
  const early = await ran()
  demand(!early.includes(`${to} last take`), `it did not wait for the hook that hangs: ${early.join('; ')}`)
  await until(
    async () => (await ran()).includes(`${to} last take`),
    (HANGS_S + 20) * 1000,
    'the last one runs after it',
  )
  const all = await ran()
  const taken = all.filter((line) => line.startsWith(`${to} `))
  demand(
    taken.join('; ') === [`first`, `hangs`, `last`].map((name) => `${to} ${name} take`).join('; '),
    `in their order: ${taken.join('; ')}`,
  )
  demand(all.filter((line) => line === `${from} leaves release`).length === 1, `released: ${all.join('; ')}`)
  await until(() => toldOf('hook-failed', 'firing').length > 0, TOLD_MS, 'that it failed is told')
})

scenario('all is as it was', async () => {
  const { group } = await seats()
  await lvsm(FIRST, `group set ${group} 'take-hooks=[]' 'release-hooks=[]' --yes`)
  await lvsm(FIRST, 'receiver remove ops --yes')
  await stopReceiver(OUTSIDER)
  await whole()
})
