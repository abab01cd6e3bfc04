/**
 * A mail as text: RFC 5322, in lines that every server takes (998 octets at most), in ASCII alone (RFC 2045, section 6.7; RFC 2047). Nothing
 * of what it is told can begin a header, or end the text.
 */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** Equal for what is told a second time because nobody knows whether it was: of the sender's domain, so that any node says the same. */
  readonly id: string
  /** Of what was told before of the same. */
  readonly references: readonly string[]
  readonly date: string
}
const PLAIN = /^[\x20-\x7e]*$/
/** Octets of a line of text, less what a dot more needs; of a header's own words; of an encoded word before it is encoded. */
const LONGEST_LINE = 990
const LONGEST_SUBJECT = 400
const LONGEST_WORD = 42
const LONGEST_QUOTED = 72

function subjectOf(text: string): string {
  const line = [...text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')].slice(0, LONGEST_SUBJECT).join('')
  if (PLAIN.test(line)) return line
  const words = ['']
  for (const letter of line) {
    const last = words.at(-1) ?? ''
    if (Buffer.byteLength(last + letter) > LONGEST_WORD) words.push(letter)
    else words[words.length - 1] = last + letter
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(FOLD)
}
const FOLD = '\r\n '

/** Quoted-printable. */
function quotedLine(line: string): string {
  const signs = [...Buffer.from(line)].map((byte, at, all) => {
    const isBlankAtEnd = (byte === 0x20 || byte === 0x09) && at === all.length - 1
    return byte >= 0x20 && byte <= 0x7e && byte !== 0x3d && !isBlankAtEnd
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  const lines = ['']
  for (const sign of signs) {
    const last = lines.at(-1) ?? ''
    if (last.length + sign.length > LONGEST_QUOTED) lines.push(sign)
    else lines[lines.length - 1] = last + sign
  }
  return lines.join('=\r\n')
}

/** As it goes over the wire: lines end in CR LF, and one that begins with a dot has another (RFC 5321, section 4.5.2). */
export function wireOf({ from, to, subject, text, id, references, date }: Mail): string {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const name = (one: string): string => `<${one.replaceAll(/[^\w.-]/g, '-')}@${domain}>`
  const lines = text.split(/\r?\n/)
  const isPlain = lines.every((line) => PLAIN.test(line) && line.length <= LONGEST_LINE)
  const known = references.map(name)
  const head = [
    `From: ${from}`,
    `To: ${to.join(`,${FOLD}`)}`,
    `Subject: ${subjectOf(subject)}`,
    `Date: ${date}`,
    `Message-ID: ${name(id)}`,
    // What is told of the same thing stands in one thread.
    ...(known.length === 0 ? [] : [`In-Reply-To: ${known.at(-1)}`, `References: ${known.join(FOLD)}`]),
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${isPlain ? '7bit' : 'quoted-printable'}`,
  ]
  const body = isPlain ? lines : lines.map(quotedLine)
  const whole = [...head, '', ...body].join('\r\n').split('\r\n')
  const stuffed = whole.map((line) => (line.startsWith('.') ? `.${line}` : line))
  return `${stuffed.join('\r\n').replace(/(?:\r\n)+$/, '')}\r\n.\r\n`
}

/** RFC 5322, section 3.3: a zone in numbers, GMT being obsolete there. */
export const dateOf = (date: Date): string => date.toUTCString().replace(/GMT$/, '+0000')
