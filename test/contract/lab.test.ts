/** The lab as a tool: it ends with the status of what it ran, and nothing of it is left. What takes longer is in test/soak. */
import { expect, test } from 'vitest'
import { BOOT_MS, emulatorsOf, isThere, lab, runs, script, start } from '../kit/lab-tool.ts'

test('run ends with the status of what it ran, which finds the lab in its environment', {
  timeout: BOOT_MS,
}, async () => {
  const path = script('seven.sh', 'echo "$LAB_VIP $LAB_PORT $1"; ip netns list | sort | xargs; exit 7')
  const before = runs()
  const { code, out } = await lab('run', '--topology', 'pair', path, 'word')
  expect(out).toContain('10.11.0.10 80 word')
  expect(out).toMatch(/client.*dir1.*dir2.*rs1.*rs2/)
  expect(code).toBe(7)
  expect(runs()).toEqual(before)
})

test('Ctrl-C ends a run, also while it boots, and leaves nothing', { timeout: BOOT_MS }, async () => {
  const before = runs()
  const running = start('run', '--topology', 'pair', script('sleep.sh', 'sleep 1000'))
  let children: string[] = []
  await expect.poll(() => (children = emulatorsOf(running.child.pid)).length, { timeout: BOOT_MS }).toBeGreaterThan(0)
  running.child.kill('SIGINT')
  expect((await running.ended).code).toBe(130)
  await expect.poll(() => children.filter(isThere)).toEqual([])
  expect(runs()).toEqual(before)
})
