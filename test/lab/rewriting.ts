/** The configuration file of every node changed, and read again by its agent. */
import { readFileSync, writeFileSync } from 'node:fs'
import { demand, lab, NODES, sh } from './harness.ts'

const fileOf = (node: string): string => `/etc/lvsm/${node}.yaml`

/** The agent of a node reads its file again. */
async function reload(node: string): Promise<void> {
  const line = (await lab('pids', node)).split('\n').find((one) => one.split('\t')[1] === 'agent')
  const pid = line?.split('\t')[2]
  demand(pid && /^\d+$/.test(pid), `the agent's pid on ${node}: ${line}`)
  await sh(`kill -HUP ${pid}`)
}

/** Returns what puts it back. */
export async function rewrite(change: (text: string) => string): Promise<() => Promise<void>> {
  const before = new Map(NODES.map((node) => [node, readFileSync(fileOf(node), 'utf8')]))
  for (const [node, text] of before) writeFileSync(fileOf(node), change(text))
  for (const node of NODES) await reload(node)
  return async () => {
    for (const [node, text] of before) writeFileSync(fileOf(node), text)
    for (const node of NODES) await reload(node)
  }
}
