/** Lines of a stream of bytes, none of them longer than a bound. */
import { StringDecoder } from 'node:string_decoder'

export interface LineEvents {
  line(text: string): void
  /** Nothing more is read. */
  tooLong(): void
}

/** Takes the stream's pieces as they come. `longest`: UTF-16 units of a line. */
export function linesOf(longest: number, events: LineEvents): (piece: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  let begun: string[] = []
  let length = 0
  let ended = false
  return (piece) => {
    if (ended) return
    const parts = decoder.write(piece).split('\n')
    for (const [at, part] of parts.entries()) {
      length += part.length
      if (length > longest) {
        ended = true
        begun = []
        return events.tooLong()
      }
      begun.push(part)
      if (at === parts.length - 1) return
      const line = begun.join('')
      begun = []
      length = 0
      events.line(line)
    }
  }
}
