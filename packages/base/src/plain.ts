/** Text of others that ends in logs and on terminals. */

/** Control characters (they paint, move the cursor, answer as if typed) and marks that turn the direction of reading. */
const PAINTS = /[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu
const PAINTS_BUT_LINES = /(?!\n)[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu

/** One line: whatever could paint is shown as U+FFFD. */
export const plainLine = (text: string): string => text.replace(PAINTS, '\u{fffd}')
/** The same of a text that may have several lines. */
export const plainText = (text: string): string => text.replace(PAINTS_BUT_LINES, '\u{fffd}')
