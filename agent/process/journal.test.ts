/** Where a line of the log goes, and as what. */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { LogTags } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { isJournal, taggedLog, toJournal } from './journal.ts'

const TOOK: LogTags = { severity: 'warning', event: 'took', group: 'web' }
function written(send: ((bytes: Uint8Array) => boolean) | null): (line: string, tags?: LogTags) => string[] {
  const lines: string[] = []
  const log = taggedLog('lvsm-agent', { write: (line) => void lines.push(line) }, send)
  return (line, tags) => {
    log.write(line, tags)
    return lines.splice(0)
  }
}

test('without a journal fields stand behind the text', () => {
  const write = written(null)
  expect(write('lvsm-agent: took web', TOOK)).toEqual(['lvsm-agent: took web [event=took group=web severity=warning]'])
  expect(write('lvsm-agent: runs')).toEqual(['lvsm-agent: runs'])
})

test('with one, what has fields goes there, and each other line has its priority', () => {
  const sent: string[] = []
  let takes = true
  const write = written((bytes) => {
    if (takes) sent.push(new TextDecoder().decode(bytes))
    return takes
  })
  expect(write('lvsm-agent: took web', TOOK)).toEqual([])
  expect(sent[0]).toMatch(/^MESSAGE=took web\nPRIORITY=4\n/)
  expect(write('lvsm-agent: peer says\n<0>all is lost')).toEqual(['<6>lvsm-agent: peer says\n<6><0>all is lost'])
  expect(write('lvsm-agent: a defect', { severity: 'critical' })).toEqual(['<2>lvsm-agent: a defect'])
  takes = false
  expect(write('lvsm-agent: took web', TOOK), 'it did not take it').toEqual([
    '<4>lvsm-agent: took web [event=took group=web severity=warning]',
  ])
})

test('whether standard error leads to the journal is what systemd says', () => {
  const fd = openSync('/dev/null', 'r')
  const { dev, ino } = fstatSync(fd, { bigint: true })
  expect([
    isJournal(fd, `${dev}:${ino}`),
    isJournal(fd, `${dev}:1`),
    isJournal(fd, undefined),
    isJournal(99_999, ''),
  ]).toEqual([true, false, false, false])
  closeSync(fd)
})

test('a journal that is not there takes nothing, and nothing fails by it', () =>
  expect(toJournal('/nonexistent/socket')(Buffer.from('MESSAGE=lost\n'))).toBe(false))
