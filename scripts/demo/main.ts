/** `npm run demo`: a real cluster in the lab; it serves, its director dies, it goes on serving. */
import { parseArgs, styleText } from 'node:util'
import { LabError } from '../lab/paths.ts'
import { openStage } from '../lab/opening.ts'
import type { Stage } from '../lab/stage.ts'
import { ACTS, type Line } from './acts.ts'

const USAGE = `usage: npm run demo [-- --keep]

Boots the lab, starts a cluster of real agents and puts it through five acts.
  --keep   leaves the cluster up afterwards and says how to look around
`
const LOOK_AROUND = `
The cluster stays up. Look around:
  npm run lab -- exec dir1 lvsm status            who owns what, and why; --watch follows it
  npm run lab -- exec dir1 lvsm events            what moved when
  npm run lab -- exec client busybox wget -qO- http://10.11.0.10/
  npm run lab -- exec dir1 ipvsadm -Ln            the kernel's table;  nft list table inet lvsm: its fence
  npm run lab -- power-cut dir1                   and other faults: npm run lab -- verbs
  npm run lab -- down                             ends it
`

const colour = process.stdout.isTTY && !process.env['NO_COLOR']
const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  colour ? styleText(style, text, { validateStream: false }) : text
const began = performance.now()
const clock = (): string => `${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`
const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function play(stage: Stage): Promise<string[]> {
  const missed: string[] = []
  for (const act of ACTS) {
    say(`${clock()}  ${paint('bold', act.title)}`)
    const tell = ({ text, ok }: Line): void => {
      say(`${clock()}    ${ok === undefined ? ' ' : ok ? paint('green', '✓') : paint('red', '✗')} ${text}`)
      if (ok === false) missed.push(`${act.title}: ${text}`)
    }
    try {
      await act.play(stage, tell)
    } catch (error) {
      tell({ text: (error as Error).message, ok: false })
    }
  }
  return missed
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  })
  if (values.help) {
    say(USAGE)
    return 0
  }
  say(`${clock()}  ${paint('bold', 'the lab boots: two directors, three realservers, a client')}`)
  const stage = await openStage({ topology: 'default', cluster: true, stays: values.keep })
  say(`${clock()}    ${paint('green', '✓')} the cluster serves`)
  const missed = await play(stage)
  if (values.keep) say(LOOK_AROUND)
  if (missed.length === 0) {
    say(`${clock()}  ${paint('green', 'verdict: everything held')}`)
    return 0
  }
  say(`${clock()}  ${paint('red', `verdict: ${missed.length} did not hold`)}`)
  for (const one of missed) say(`           ${one}`)
  return 1
}

try {
  process.exit(await main())
} catch (error) {
  const { message, next } = error as LabError
  process.stderr.write(`demo: ${message}\n${next ? `  → ${next}\n` : ''}`)
  process.exit(error instanceof LabError ? error.status : 2)
}
