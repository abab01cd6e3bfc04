// lab: long=yes
/** A real Prometheus (Debian's, which has to be on this machine) scrapes every node of the lab, and a rule of ours fires on a realserver that died. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, demand, figure, lab, NODES, on, sh, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { whole } from './witness.ts'

const DIRECTORY = process.env['LAB_DIR'] ?? '/tmp'
const RULES = 'scripts/package/root/usr/share/lvsm/prometheus-rules.yml'
const PORT = 9464
/** Where Prometheus runs: every node is reached from there. */
const FROM = 'rs1'
const VICTIM = 'rs2'
const SLOW_MS = 60_000
let undo: () => Promise<void> = () => Promise.resolve()

/** Where its heartbeats and its monitoring are. */
async function addressOf(node: string): Promise<string> {
  const address = (await on(node, 'ip -4 -br address show dev inside')).split(/\s+/)[2]?.split('/')[0]
  demand(address, `${node} has an address inside`)
  return address
}

/** `labels => value`. */
async function ask(query: string): Promise<string[]> {
  const line = `promtool query instant http://127.0.0.1:9090 '${query}'`
  const { out } = await attempt(`ip netns exec ${FROM} ${line}`)
  return out
    .split('\n')
    .filter((one) => one.includes('=>'))
    .map((one) => one.replace(/ @\[.*$/, ''))
}
const labelOf = (line: string, label: string): string => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? ''

/** Ours, which need not last so long here. */
function rules(): string {
  demand(existsSync(RULES), `${RULES} is where this was started`)
  return readFileSync(RULES, 'utf8').replaceAll(/\bfor: \w+/g, 'for: 1s')
}

scenario('Prometheus scrapes all nodes, and each says its name', async () => {
  await whole()
  undo = await rewrite((text) => text.replace('revision: 1', `revision: 2\nmonitoring-port: ${PORT}`))
  const targets = await Promise.all(NODES.map(async (node) => `'${await addressOf(node)}:${PORT}'`))
  writeFileSync(join(DIRECTORY, 'rules.yml'), rules())
  writeFileSync(
    join(DIRECTORY, 'prometheus.yml'),
    `global: { scrape_interval: 2s, evaluation_interval: 2s }
rule_files: [rules.yml]
scrape_configs: [{ job_name: lvsm, static_configs: [{ targets: [${targets.join(', ')}] }] }]
`,
  )
  const words = `--config.file=${DIRECTORY}/prometheus.yml --storage.tsdb.path=${DIRECTORY}/tsdb --web.listen-address=127.0.0.1:9090`
  await on(
    FROM,
    `setsid prometheus ${words} > ${DIRECTORY}/prometheus.log 2>&1 </dev/null & echo $! > ${DIRECTORY}/prometheus.pid`,
  )
  await until(async () => (await ask('up == 1')).length === NODES.length, SLOW_MS, `${NODES.length} targets are up`)
  await until(
    async () => new Set((await ask('lvsm_node_info')).map((line) => labelOf(line, 'node'))).size === NODES.length,
    SLOW_MS,
    'each says its name',
  )
  for (const metric of ['lvsm_quorum', 'lvsm_ipvs', 'lvsm_node_up', 'lvsm_troubles']) {
    const instances = new Set((await ask(metric)).map((line) => labelOf(line, 'instance')))
    demand(instances.size === NODES.length, `${metric} of all nodes, not only of ${[...instances].join(', ')}`)
  }
  figure('series', (await ask('count({job="lvsm"})')).join())
})

scenario('a rule of ours fires on a realserver that died, and not after it is back', async () => {
  const firing = async (): Promise<boolean> =>
    (await ask('ALERTS{alertstate="firing", alertname="LvsmRealserverFailed"}')).some(
      (line) => labelOf(line, 'realserver') === VICTIM,
    )
  demand(!(await firing()), 'nothing is wrong yet')
  await lab('kill', VICTIM, 'web')
  const began = performance.now()
  await until(firing, SLOW_MS, `LvsmRealserverFailed fires for ${VICTIM}`)
  figure('a dead realserver is an alert of Prometheus after', `${(performance.now() - began).toFixed(0)} ms`)
  await lab('start', VICTIM, 'web')
  await until(async () => !(await firing()), SLOW_MS, 'it does not fire any more')
})

scenario('all is as it was', async () => {
  await sh(`kill $(cat ${DIRECTORY}/prometheus.pid)`)
  await undo()
  await whole()
})
