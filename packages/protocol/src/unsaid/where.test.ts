/** A next step that is to be done on a certain machine names it, and one that may be done anywhere names none. */
import { expect, test } from 'vitest'
import { placed } from './where.ts'

const hinted = (hint: string, more: object = {}): string =>
  placed({ node: 'dir1', code: 'x', severity: 'warning', message: 'it is so', hint, ...more }).hint ?? ''

test.each([
  'modprobe ip_vs',
  'load it with: modprobe ip_vs (Debian: package linux-image-amd64)',
  'check the cable, or: ip link set outside up',
  'look at the links of this node: ip addr, ip route, nft list ruleset',
  'start lvsm-lease, or look at its log; without it this node takes nothing over',
  'journalctl -k -g "Killed process" names them; free -m shows who has the memory',
  'put it into /etc/sysctl.d',
])('%s', (hint) => {
  expect(hinted(hint)).toBe(`on dir1: ${hint}`)
  expect(hinted(hint, { object: 'node dir1' })).toBe(`on dir1: ${hint}`)
  expect(hinted(hint, { node: 'dir1, dir2' })).toBe(`on each of dir1, dir2: ${hint}`)
  // Of another node its own word is what is to be done there.
  expect(hinted(hint, { object: 'node rs1' })).toBe(hint)
})

test.each([
  'on dir2: tc qdisc del dev inside root',
  'lvsm check run http/rs1 --explain: what it is asked, and answers; lvsm explain node rs1',
  'it is tried again every second',
  'has dir2 the same version? lvsm status there; journalctl -u lvsm-agent there',
  'use sha256',
  'lvsm timing set lease=600ms',
  'first: on dir2: nft list ruleset',
  'look for errors and drops on the way from dir2 to dir1: on both: ip -s link show',
  'look for errors and drops on the way to dir1, which is the same of all: on dir1: ip -s link show',
  'see which field differs: nft list ruleset on both, cable, switch',
])('%s: as it is', (hint) => expect(hinted(hint)).toBe(hint))
