/** Whatever prints JSON prints the same as YAML. */
import type { Command } from 'commander'
import { afterEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { program } from '../src/index.ts'
import { cleanUp } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})
const terminal = {
  out: process.stdout,
  paint: (_: unknown, text: string) => text,
  print: () => undefined,
  complain: () => undefined,
}
const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]

it('every command that has a choice of formats has all three', () => {
  const choices = all(program('0', terminal, () => undefined)).flatMap(({ options }) =>
    options.filter(({ long }) => long === '--output').map(({ argChoices }) => argChoices),
  )
  expect(choices.length).toBeGreaterThan(50)
  for (const one of choices) expect(one).toEqual(['table', 'json', 'yaml'])
})

it.each([
  ['coordinators'],
  ['coordinators list'],
  ['config history'],
  ['config diff 1 1'],
  ['config show'],
  ['intents'],
  ['node list'],
  ['node show dir1'],
  ['token list'],
  ['user list'],
  ['api-token list'],
  ['audit'],
  ['cluster finalize --dry-run'],
  ['server set rs1 service=http weight=7 --dry-run'],
])('lvsm %s', async (words) => {
  const { runHere } = startCoordinator()
  const [json, yaml] = [
    await runHere([...words.split(' '), '-o', 'json']),
    await runHere([...words.split(' '), '-o', 'yaml']),
  ]
  expect([json.code, yaml.code]).toEqual([0, 0])
  expect(parse(yaml.out)).toEqual(JSON.parse(json.out))
})
