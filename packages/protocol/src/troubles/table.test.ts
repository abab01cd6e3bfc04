import { expect, it } from 'vitest'
import { troubleCodes, troubleKind } from './table.ts'

/** What it says, and what to do, is given with names in place of capitals where a trouble arises; what it means is shown as it stands here. */
const ABBREVIATIONS = /\b(?:API|ARP|FTP|IPVS|NAT|SYN|VIP)s?\b/g

it('a consequence has no capitals that stand for a name', () => {
  const meant = troubleCodes().map((code) => `${code}: ${troubleKind(code)?.means.replace(ABBREVIATIONS, '')}`)
  expect(meant.filter((text) => /\b[A-Z]{2,}\b/.test(text))).toEqual([])
})
