/** What real servers said once (Debian's slapd, MariaDB, PostgreSQL, vsftpd, Dovecot; test/soak/servers.test.ts): whole, and byte by byte, it gives the verdict that it gave then. */
import { describe, expect, it } from 'vitest'
import { type Recording, recordings } from '../../test/kit/recorded-servers.ts'
import { talkMysql, talkPostgres } from './probes/databases.ts'
import { talkLdap } from './probes/directory.ts'
import { FTP, IMAP, POP3, talkOf } from './probes/lines.ts'
import type { Talk, Turn } from './talk.ts'

const TALKS: Readonly<Record<string, () => Talk>> = {
  ...{ ldap: talkLdap, mysql: talkMysql, postgres: talkPostgres },
  ...{ ftp: () => talkOf(FTP), imap: () => talkOf(IMAP), pop3: () => talkOf(POP3) },
}
type Verdict = Extract<Turn, { readonly ok: unknown }>

/** `step`: so many bytes come at once. Null: there is none. */
function verdictOf({ type }: Recording, said: readonly string[], step: number): Verdict | null {
  const talk = TALKS[type]?.()
  if (!talk) throw new Error(`no check is of type ${type}`)
  for (const turn of said) {
    const bytes = Buffer.from(turn, 'hex')
    for (
      let end = Math.min(step, bytes.length);
      end > 0;
      end = end === bytes.length ? 0 : Math.min(end + step, bytes.length)
    ) {
      const next = talk.next(bytes.subarray(0, end))
      if (next === 'wait') continue
      if ('ok' in next) return next
      break
    }
  }
  return null
}

/** Protocol::ERR_Packet. */
const mysqlError = (code: number, message: string): Buffer => {
  const body = Buffer.concat([Buffer.from([0xff, code & 0xff, code >> 8]), Buffer.from(`#HY000${message}`)])
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, 0]), body])
}
it.each([
  [
    1130,
    "Host '10.11.0.1' is not allowed to connect to this MariaDB server",
    /^is at work, .* not allowed .* \(1130\): give a user/,
  ],
  [
    1129,
    "Host '10.11.0.1' is blocked because of many connection errors",
    /^is at work, .* blocked .* \(1129\): mysqladmin flush-hosts there/,
  ],
  [1040, 'Too many connections', /^refuses: Too many connections \(1040\)$/],
])('a mysql server that answers a stranger with %i says what it is', (code, message, reason) => {
  const turn = talkMysql().next(mysqlError(code, message))
  expect(turn).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  expect('reason' in Object(turn) ? Object(turn).reason.length : 0).toBeLessThan(200)
})

const all = recordings()
it('there is one of each', () => {
  expect(all.map(({ type }) => type).sort()).toEqual(Object.keys(TALKS).sort())
  const full = all.filter(({ dialogues }) => dialogues.some(({ state, ok }) => state === 'full' && !ok))
  expect(full.map(({ type }) => type).sort()).toEqual(['ftp', 'mysql', 'postgres'])
})

describe.each(all)('$server, as a check of type $type', (recording) => {
  it.each(recording.dialogues)('$state: $reason', ({ said, ok, reason }) => {
    for (const step of [1, 2, 7, 100_000]) expect(verdictOf(recording, said, step)).toMatchObject({ ok, reason })
  })
  it('none of it is a good answer to a check of another type', () => {
    const [well] = recording.dialogues
    for (const type of Object.keys(TALKS).filter((one) => one !== recording.type))
      expect(verdictOf({ ...recording, type }, well?.said ?? [], 100_000)?.ok ?? false).toBe(false)
  })
})
