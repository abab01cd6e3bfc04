/** Receivers of alerts: the keys of their type, places that can be reached, and names that exist. */
import { troubleCodes, troubleKind } from '@lvsm/protocol'
import { parseDuration } from '../duration.ts'
import type { Path } from '../document.ts'
import { suggest } from '../nearest.ts'
import { OWN_KEYS, RECEIVER_LIMITS, RECEIVERS, type WrittenReceiver } from '../receivers.ts'
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

type Receiver = NonNullable<NonNullable<Draft['receivers']>[number]>

export const receivers: Rule = (draft, refuse) => {
  for (const { at, item } of entries(draft.receivers)) {
    const path: Path = ['receivers', at]
    if (item.type !== undefined) refuseKeys(item, item.type, path, refuse)
    refusePlaces(item, path, refuse)
    refuseLogin(item, path, refuse)
    refuseIdleAuthority(item, path, refuse)
    refuseTimes(item, path, refuse)
    refuseNames(draft, item, path, refuse)
  }
}

function refuseKeys(receiver: Receiver, type: WrittenReceiver['type'], path: Path, refuse: Refuse): void {
  const { needs, may, hint }: { needs: readonly string[]; may: readonly string[]; hint: string } = RECEIVERS[type]
  for (const key of OWN_KEYS) {
    const own = needs.includes(key) || may.includes(key)
    if (Object.hasOwn(receiver, key) && !own)
      refuse('key-of-other-receiver', [...path, key], `belongs to a receiver of another type than ${type}`, hint)
    if (!Object.hasOwn(receiver, key) && needs.includes(key))
      refuse('missing', [...path, key], `a receiver of type ${type} has no ${key}`, hint)
  }
}

/** As SMTP takes it (RFC 5321, section 4.1.2), less what nobody has: quoted names, literals, other letters than ASCII. */
const MAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?$/
/** Scheme, perhaps who asks, host, perhaps a port, and where there (RFC 3986). */
const WEB =
  /^https?:\/\/(?:[!-~]{1,200}@)?(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::\d{1,5})?(?:[/?][!-~]*)?$/
const HOST = /^[A-Za-z0-9:](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$/

function refusePlaces({ url, to, from, server, command }: Receiver, path: Path, refuse: Refuse): void {
  if (url !== undefined && !isWeb(url))
    refuse('bad-url', [...path, 'url'], 'is no address of a web server', 'write http:// or https://, host and path')
  const mails = [
    ...entries(to).map(({ at, item }) => ({ key: ['to', at], item })),
    ...(from === undefined ? [] : [{ key: ['from'], item: from }]),
  ]
  for (const { key, item } of mails)
    if (!MAIL.test(item))
      refuse('bad-mail-address', [...path, ...key], 'is no mail address', 'write NAME@DOMAIN, in letters of ASCII')
  if (server !== undefined && !HOST.test(server))
    refuse('bad-host', [...path, 'server'], 'is no host', 'write its name or address; its port is another key: port')
  const [program] = command ?? []
  if (program !== undefined && (!program.startsWith('/') || command?.some((word) => word?.includes('\0'))))
    refuse(
      'bad-command',
      [...path, 'command'],
      'names no program by its whole path',
      'write command: [/PATH/PROGRAM, ARGUMENT]',
    )
}
/** A password goes to nobody but who proved that he is the one, and to no other machine in the clear. */
function refuseLogin(receiver: Receiver, path: Path, refuse: Refuse): void {
  const { user, 'headers-file': headers, url, server, tls } = receiver
  if (user !== undefined && !LOGIN.test(user))
    refuse('bad-user', [...path, 'user'], 'is no name to log in with', 'write it in letters of ASCII, without a blank')
  const [has, other] = user === undefined ? (['password-file', 'user'] as const) : (['user', 'password-file'] as const)
  if (Object.hasOwn(receiver, has) && !Object.hasOwn(receiver, other))
    refuse('missing', [...path, other], `a login has ${has}, and no ${other}`, `add ${other}, or take ${has} out`)
  const isSecret = user !== undefined || headers !== undefined
  if (isSecret && url !== undefined && /^http:\/\/(?!127\.|\[::1\]|localhost[:/?]|localhost$)/.test(url))
    refuse(
      'password-in-the-clear',
      [...path, 'url'],
      `a ${user === undefined ? 'secret' : 'password'} would go to whoever answers in the name of that host`,
      'write https://: it goes to a server with a good certificate alone',
    )
  const isHere = server === undefined || /^(?:127\.|::1$|localhost$)/.test(server)
  if (user !== undefined && !isHere && tls !== true && !isUnread(receiver, 'tls'))
    refuse(
      'password-in-the-clear',
      [...path, 'tls'],
      'a password would go to whoever answers in the name of the server',
      'write tls: true: it goes to a server with a good certificate alone',
    )
}
/** Whoever says who signed a certificate relies on its being looked at. */
function refuseIdleAuthority(receiver: Receiver, path: Path, refuse: Refuse): void {
  const { ca, type, tls, url } = receiver
  if (ca === undefined) return
  const idle = 'is looked for by nobody here'
  if (type === 'mail' && tls !== true && !isUnread(receiver, 'tls'))
    refuse(
      'idle-authority',
      [...path, 'ca'],
      idle,
      'add tls: true: the text goes to a server with a good certificate alone',
    )
  if (url?.startsWith('http://') === true)
    refuse('idle-authority', [...path, 'ca'], idle, 'write https://, or take ca out')
}
/** Printable letters of ASCII. */
const LOGIN = /^[!-~]+$/
const isWeb = (text: string): boolean => WEB.test(text)

function refuseTimes({ repeat, timeout }: Receiver, path: Path, refuse: Refuse): void {
  const { leastRepeatMs, leastTimeoutMs, longestTimeoutMs } = RECEIVER_LIMITS
  const repeatMs = repeat === undefined ? null : parseDuration(repeat)
  if (repeatMs !== null && repeatMs !== 0 && repeatMs < leastRepeatMs)
    refuse('out-of-range', [...path, 'repeat'], `${repeat} is too often`, 'write 1m or more, or 0s for never')
  const timeoutMs = timeout === undefined ? null : parseDuration(timeout)
  if (timeoutMs !== null && (timeoutMs < leastTimeoutMs || timeoutMs > longestTimeoutMs))
    refuse('out-of-range', [...path, 'timeout'], `${timeout} is out of range`, 'write 100ms to 1m')
}

function refuseNames(draft: Draft, receiver: Receiver, path: Path, refuse: Refuse): void {
  for (const { at, item } of entries(receiver.troubles))
    if (troubleKind(item) === null)
      refuse('unknown-trouble', [...path, 'troubles', at], `there is no trouble "${item}"`, () =>
        suggest(item, troubleCodes(), 'troubles'),
      )
  for (const section of ['groups', 'services', 'nodes'] as const) {
    if (isUnread(draft, section)) continue
    const known = entries<{ name?: string | undefined }>(draft[section]).flatMap(({ item }) => item.name ?? [])
    for (const { at, item } of entries(receiver[section]))
      if (!known.includes(item))
        refuse(
          `unknown-${section.slice(0, -1)}`,
          [...path, section, at],
          `there is no ${section.slice(0, -1)} "${item}"`,
          () => suggest(item, known, section),
        )
  }
}
