/** Answers of strangers: whatever they are, nothing throws, and what is said of them is a verdict. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { talkMysql, talkPostgres } from './probes/databases.ts'
import { talkLdap } from './probes/directory.ts'
import { judgeAnswer } from './probes/dns.ts'
import { stateOf } from './probes/grpc.ts'
import {
  FTP,
  FTP_UPGRADED,
  IMAP,
  IMAP_UPGRADED,
  POP3,
  POP3_UPGRADED,
  REDIS,
  SMTP,
  SMTP_UPGRADED,
  talkOf,
} from './probes/lines.ts'
import type { Talk } from './talk.ts'

const RUNS = 2000
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

/** Pieces of what a real one says, cut, turned and repeated, among bytes by chance. */
const pieces = (real: readonly Buffer[]): fc.Arbitrary<Buffer[]> => {
  const part = fc.constantFrom(...real).chain((bytes) =>
    fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length), fc.nat(255)).map(([one, other, byte]) => {
      const cut = Buffer.from(bytes.subarray(Math.min(one, other)))
      if (cut.length > 0) cut[other % cut.length] = byte
      return cut
    }),
  )
  const chance = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
  return fc.array(fc.oneof(part, chance, fc.constantFrom(...real)), { maxLength: 6 })
}

const LINES = ['220 mail\r\n', '250-a\r\n250 b\r\n', '* OK\r\n', '+OK\r\n', '+PONG\r\n', '-ERR\r\n'].map((line) =>
  Buffer.from(line),
)
const PACKETS = [
  hex('4a000000 0a 352e352e3500 01000000 6162636465666768 00'),
  hex('0a000002 ff 1504 2332383030306e6f'),
  hex('07000002 00 000002000000'),
  hex('52 00000008 00000000'),
  hex('45 0000001a 53464154414c00 433537503033 00 4d6e6f7700 00'),
  hex('300c 020101 6107 0a0100 0400 0400'),
  hex('3084 00000010 020101 6184 00000007 0a0131 0400 0400'),
]
const TALKS: readonly (readonly [string, () => Talk, readonly Buffer[]])[] = [
  ...[FTP, SMTP, IMAP, POP3, REDIS].map((lines, at) => [`lines ${at}`, () => talkOf(lines), LINES] as const),
  ['mysql', talkMysql, PACKETS],
  ['postgres', talkPostgres, PACKETS],
  ['ldap', talkLdap, PACKETS],
]
const said = (...lines: readonly string[]): Buffer[] => lines.map((line) => Buffer.from(`${line}\r\n`))
/** What one says that begins TLS, in its order: chance alone does not get so far. */
const UPGRADING: typeof TALKS = [
  ['ftp', () => talkOf(FTP_UPGRADED), said('220 ready', '234 go', '221 bye')],
  ['smtp', () => talkOf(SMTP_UPGRADED), said('220 mail', '250-a\r\n250 STARTTLS', '220 go', '250 a')],
  ['imap', () => talkOf(IMAP_UPGRADED), said('* OK', 'a OK', '* a\r\nb OK')],
  ['pop3', () => talkOf(POP3_UPGRADED), said('+OK', '+OK', '+OK')],
  [
    'mysql',
    () => talkMysql(true),
    [
      hex('1b000000 0a 352e3500 01000000 6162636465666768 00 ffff 08 0200 0f80 15 00'),
      hex('0a000002 ff 1504 2332383030306e6f'),
    ],
  ],
  ['postgres', () => talkPostgres(true), [hex('53'), hex('52 00000008 00000000')]],
  [
    'ldap',
    () => talkLdap(true),
    [hex('3084 00000010 020101 7884 00000007 0a0100 0400 0400'), hex('300c 020101 6107 0a0100 0400 0400')],
  ],
]

const both = (verdicts: ReadonlySet<boolean | null>): void =>
  expect(verdicts, 'both were seen').toEqual(new Set([false, true]))
/** The verdict, or that it goes on; throws where it is neither. */
function heardOut(talk: Talk, pieces: readonly Buffer[]): boolean | null {
  let heard = Buffer.alloc(0)
  for (const piece of pieces.filter(({ length }) => length > 0)) {
    heard = Buffer.concat([heard, piece])
    const turn = talk.next(heard)
    if (turn === 'wait') continue
    if ('ok' in turn) {
      if (typeof turn.ok !== 'boolean' || turn.reason === '') throw new Error('no verdict')
      return turn.ok
    }
    if ('secure' in turn && (turn.heard < 1 || turn.heard > heard.length))
      throw new Error('it heard more than was said')
    heard = Buffer.alloc(0)
  }
  return null
}

it.each(TALKS)('a talk of %s ends with a verdict, or goes on', (_, talkWith, real) => {
  const verdicts = new Set<boolean | null>()
  const listen = (pieces: readonly Buffer[]): void => void verdicts.add(heardOut(talkWith(), pieces))
  fc.assert(fc.property(pieces(real), listen), { numRuns: RUNS })
  verdicts.delete(null)
  both(verdicts)
})

it.each(UPGRADING)('a talk of %s that begins TLS ends with a verdict, or goes on', (_, talkWith, real) => {
  const verdicts = new Set<boolean | null>()
  const listen = (until: number, pieces: readonly Buffer[]): void =>
    void verdicts.add(heardOut(talkWith(), [...real.slice(0, until), ...pieces]))
  fc.assert(fc.property(fc.nat(real.length), pieces(real), listen), { numRuns: RUNS })
  verdicts.delete(null)
  both(verdicts)
})

it('a datagram, or a message of gRPC, is a verdict or none', () => {
  fc.assert(
    fc.property(pieces([...PACKETS, hex('1234 8180 0001 0001 0000 0000'), hex('00 00000002 0801')]), (said) => {
      const bytes = Buffer.concat(said)
      const verdict = judgeAnswer(bytes, { id: 0x1234, rcodes: ['NOERROR'], least: 1 })
      const state = stateOf(bytes)
      return (verdict === null || verdict.reason !== '') && (state === null || state < 0x80)
    }),
    { numRuns: RUNS },
  )
})
