/** The configuration file of every node changed, and read again by its agent. */
import { readFileSync, writeFileSync } from 'node:fs'
import { demand, lab, NODES, sh } from './harness.ts'

const fileOf = (node: string): string => `/etc/lvsm/${node}.yaml`

/** The agent of every node reads its file again. */
async function reload(): Promise<void> {
  const rows = (await lab('pids')).split('\n').map((line) => line.split('\t'))
  const pids = NODES.map((node) => {
    const pid = rows.find(([where, name]) => where === node && name === 'agent')?.[2]
    demand(pid && /^\d+$/.test(pid), `the agent's pid on ${node}: ${pid}`)
    return pid
  })
  await sh(`kill -HUP ${pids.join(' ')}`)
}

/** Returns what puts it back. */
export async function rewrite(change: (text: string) => string): Promise<() => Promise<void>> {
  const before = new Map(NODES.map((node) => [node, readFileSync(fileOf(node), 'utf8')]))
  for (const [node, text] of before) writeFileSync(fileOf(node), change(text))
  await reload()
  return async () => {
    for (const [node, text] of before) writeFileSync(fileOf(node), text)
    await reload()
  }
}
