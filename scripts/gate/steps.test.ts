import { expect, it } from 'vitest'
import { run } from './commands.ts'
import { take } from './steps.ts'

const node = (code: string): string[] => ['node', '-e', code]
const step = (code: string) => ({ name: 'probe', argv: node(code), timeoutMs: 10_000, saw: /(\d+) files/ })

it('a step passes that looked at something and found nothing', async () => {
  expect(await take(step("console.log('7 files')"))).toMatchObject({
    tally: { passed: 1, failed: 0 },
    seen: '7 files',
    complaint: '',
  })
})

it.each([
  ['that found something', "console.log('7 files: bad'); process.exit(1)", 'bad'],
  ['that looked at nothing', "console.log('0 files')", 'looked at nothing'],
  ['that says nothing', '', 'looked at nothing'],
])('a step fails %s', async (_name, code, complaint) => {
  const result = await take(step(code))
  expect(result.tally).toEqual({ passed: 0, failed: 1, failures: ['probe'] })
  expect(result.complaint).toContain(complaint)
})

it('a tool that is missing, or takes too long, fails', async () => {
  expect((await run({ argv: ['no-such-tool'], timeoutMs: 1000 })).code).toBe(127)
  const late = await run({ argv: node('setInterval(() => {}, 1000)'), timeoutMs: 300 })
  expect(late.code).toBe(124)
  expect(late.text).toContain('the time was over')
})
