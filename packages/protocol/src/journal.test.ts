/** What the journal gets, and what stands behind a line elsewhere. */
import { expect, it } from 'vitest'
import { encodeJournal, isTagged, type LogTags, tagWords } from './journal.ts'

const tags: LogTags = { severity: 'critical', event: 'took', node: 'dir1', group: 'web', lease: 7 }
const textOf = (text: string, all: LogTags): string => new TextDecoder().decode(encodeJournal('lvsm-agent', text, all))

it('fields, one on each line', () =>
  expect(textOf('took web', tags).split('\n')).toEqual([
    'MESSAGE=took web',
    'PRIORITY=2',
    'SYSLOG_IDENTIFIER=lvsm-agent',
    'LVSM_EVENT=took',
    'LVSM_NODE=dir1',
    'LVSM_GROUP=web',
    'LVSM_LEASE=7',
    'LVSM_SEVERITY=critical',
    '',
  ]))

it('what a stranger says begins no field of its own', () => {
  const lines = textOf('peer says\nPRIORITY=0', { ...tags, group: 'web\nLVSM_NODE=other' }).split('\n')
  expect(lines.filter((line) => line.startsWith('PRIORITY='))).toEqual(['PRIORITY=2'])
  expect(lines.filter((line) => line.startsWith('LVSM_NODE='))).toEqual(['LVSM_NODE=dir1'])
})

it('words behind the text, in quotes where they are several', () => {
  expect(tagWords(tags)).toBe(' [event=took node=dir1 group=web lease=7 severity=critical]')
  expect(tagWords({ severity: 'warning', code: 'x', object: 'link eth0' })).toBe(
    ' [code=x object="link eth0" severity=warning]',
  )
  expect([tagWords({ severity: 'info' }), isTagged({ severity: 'info' }), isTagged(tags)]).toEqual(['', false, true])
})
