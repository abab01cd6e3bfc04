/** What a local syslog daemon gets. */
import { expect, it } from 'vitest'
import type { LogTags } from './journal.ts'
import { encodeSyslog, LONGEST_SYSLOG_TEXT } from './syslog.ts'

const who = { identifier: 'lvsm-agent', pid: 42, at: { month: 10, day: 3, hours: 7, minutes: 5, seconds: 9 } }
const textOf = (text: string, tags: LogTags): string => new TextDecoder().decode(encodeSyslog(who, text, tags))

it('priority, time, name and process; what is known of the line stands behind it', () => {
  const tags: LogTags = { severity: 'critical', event: 'took', node: 'dir1', group: 'web', lease: 7 }
  expect(textOf('took web', tags)).toBe(
    '<26>Nov  3 07:05:09 lvsm-agent[42]: took web [lvsm event="took" node="dir1" group="web" lease="7" severity="critical"]',
  )
  expect(textOf('runs', { severity: 'info' })).toBe('<30>Nov  3 07:05:09 lvsm-agent[42]: runs')
})

it('a stranger’s words begin no line and no field, and are cut', () => {
  const said = textOf('peer says\n<0>all is lost', { severity: 'warning', object: 'a"] [b\nc', node: 'dir1' })
  expect(said).not.toContain('\n')
  expect(said).toMatch(/ \[lvsm object="a\\"\\\] \[b.c" node="dir1" severity="warning"\]$/u)
  expect(textOf('x'.repeat(100_000), { severity: 'info' }).length).toBeLessThan(LONGEST_SYSLOG_TEXT + 100)
})
