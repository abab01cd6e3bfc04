/** What each process costs in a cluster of six nodes that has nothing to do: resident memory, share of one core. */
import { setTimeout as sleep } from 'node:timers/promises'
import { closeLabs, openStage } from '../lab/opening.ts'
import type { Stage } from '../lab/stage.ts'
import { type Figure, spread } from './figures.ts'

const WINDOW_MS = 10_000
const SETTLE_MS = 5000
/** Clock ticks a second in /proc/PID/stat (man 5 proc). */
const TICKS = 100

interface Cost {
  readonly name: string
  readonly ticks: number
  readonly rssMiB: number
}

async function costs(stage: Stage): Promise<Map<string, Cost>> {
  const { text } = await stage.verb('pids')
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const found = new Map<string, Cost>()
  for (const [node = '', name = '', pid = ''] of rows) {
    if (!/^\d+$/.test(pid) || (name !== 'lease' && name !== 'agent')) continue
    const { out } = await stage.run(['sh', '-c', `cat /proc/${pid}/stat; grep VmRSS /proc/${pid}/status`])
    const fields = out.slice(out.lastIndexOf(')') + 2).split(' ')
    const rss = /VmRSS:\s+(\d+) kB/.exec(out)?.[1]
    found.set(`${node} ${name}`, { name, ticks: Number(fields[11]) + Number(fields[12]), rssMiB: Number(rss) / 1024 })
  }
  return found
}

export async function idleFigures(progress: (text: string) => void): Promise<Figure[]> {
  progress('an idle cluster of six nodes')
  const stage = await openStage({ topology: 'six', cluster: true })
  await sleep(SETTLE_MS)
  const before = await costs(stage)
  const began = performance.now()
  await sleep(WINDOW_MS)
  const after = await costs(stage)
  const seconds = (performance.now() - began) / 1000
  closeLabs()
  return ['lease', 'agent'].flatMap((name): Figure[] => {
    const own = [...after].filter(([, cost]) => cost.name === name)
    const cpu = own.map(([key, { ticks }]) => ((ticks - (before.get(key)?.ticks ?? 0)) / TICKS / seconds) * 100)
    const report = { keepalived: undefined, demand: '', met: undefined }
    return [
      {
        name: `idle, six nodes: lvsm-${name} RSS`,
        unit: 'MiB',
        lvsm: spread(own.map(([, { rssMiB }]) => rssMiB)),
        ...report,
      },
      { name: `idle, six nodes: lvsm-${name} CPU (emulated core)`, unit: '%', lvsm: spread(cpu), ...report },
    ]
  })
}
