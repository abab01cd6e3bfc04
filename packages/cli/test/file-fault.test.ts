/** What the system says in letters is said in words, with the next step. */
import { expect, it } from 'vitest'
import { explained } from '../src/failure.ts'
import { fileFailure } from '../src/file-fault.ts'

const said = (code: string): string =>
  explained(fileFailure('refused', 'cannot write /root/x', Object.assign(new Error(`${code}: open`), { code }), 'look'))
    .text

it.each([
  ['EACCES', 'lvsm: cannot write /root/x: permission denied\n  → run it as root\n'],
  ['ENOENT', 'lvsm: cannot write /root/x: there is no such file or directory\n  → look\n'],
  ['ENOSPC', 'lvsm: cannot write /root/x: the disk is full\n  → make room there, or name a file on another disk\n'],
  ['EIO', 'lvsm: cannot write /root/x: EIO: open\n  → look\n'],
])('%s', (code, text) => expect(said(code)).toBe(text))
