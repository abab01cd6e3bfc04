/** The lab as a tool, whatever ends it; and a lab that stays. */
import { expect, test } from 'vitest'
import { BOOT_MS, emulatorsOf, isThere, lab, runs, script, start } from '../kit/lab-tool.ts'

test('a time-out ends a run, also while it boots, and leaves nothing', { timeout: BOOT_MS }, async () => {
  const before = runs()
  const running = start('run', '--topology', 'pair', '--timeout', '4', script('sleep.sh', 'sleep 1000'))
  let children: string[] = []
  await expect.poll(() => (children = emulatorsOf(running.child.pid)).length, { timeout: 4000 }).toBeGreaterThan(0)
  expect((await running.ended).code).toBe(124)
  await expect.poll(() => children.filter(isThere)).toEqual([])
  expect(runs()).toEqual(before)
})

test('up stays, exec runs inside with its status, faults are verbs, down ends it', { timeout: BOOT_MS }, async () => {
  expect((await lab('up', '--topology', 'pair')).code).toBe(0)
  try {
    expect(await lab('exec', 'client', 'ip', '-br', 'addr')).toMatchObject({
      code: 0,
      out: expect.stringContaining('10.11.0.100/24'),
    })
    expect((await lab('exec', '-', 'sh', '-c', 'exit 3')).code).toBe(3)
    expect((await lab('unplug', 'dir1', 'outside')).code).toBe(0)
    expect((await lab('exec', 'dir1', 'ip', '-br', 'link', 'show', 'outside')).out).toContain('NO-CARRIER')
    expect((await lab('heal')).code).toBe(0)
    expect((await lab('exec', 'dir1', 'ip', '-br', 'link', 'show', 'outside')).out).toContain('LOWER_UP')
    expect(await lab('delay', '150', 'client')).toMatchObject({ code: 0 })
    expect((await lab('exec', 'client', 'busybox', 'ping', '-c', '1', '10.11.0.11')).out).toMatch(/time=[1-9]\d\d/)
    expect(await lab('power-cut', 'mars')).toMatchObject({
      code: 2,
      out: expect.stringContaining('no node is called mars'),
    })
    expect(await lab('status')).toMatchObject({ code: 0, out: expect.stringContaining('the pair lab is up') })
  } finally {
    expect((await lab('down')).code).toBe(0)
  }
  expect((await lab('status')).code).toBe(1)
})
