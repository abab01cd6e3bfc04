/** Source text without its comments and string contents, so that a rule about code does not read prose. Lines stay lines. */
export function codeOnly(source: string): string {
  return source.replace(TOKENS, (token) => {
    const blank = token.replace(/[^\n]/g, ' ')
    // What stands inside ${} of a template is code.
    if (token.startsWith('`'))
      return token.replace(/\$\{([^`}]*)\}|[^\n]/g, (part, inside?: string) =>
        inside === undefined ? ' ' : `  ${inside} `,
      )
    return blank
  })
}

/** Comments, strings, templates, and regular expressions where a value may begin. */
const TOKENS =
  /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`|(?<=[(,=:[!&|?{};\n]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])+\/[dgimsuvy]*/g

export const lineOf = (source: string, index: number): number => source.slice(0, index).split('\n').length
