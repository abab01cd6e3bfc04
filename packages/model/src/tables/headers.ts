/** Headers of requests, as an operator may write them: in the configuration, or in a file of secrets. */

const LONGEST = 1024
export const MOST_HEADERS = 16
/** What says where a request ends or goes to, and what counts for one connection (RFC 9110, section 7.6.1), is the prober's. */
const FRAMING =
  /^(?:host|content-length|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive|proxy-connection|http2-settings):/i
/** A name, a colon, and printable ASCII: nothing that could end the line, or begin another one. */
const HEADER = /^[\w!#$%&'*+.^`|~-]+:[ -~]*$/

export const isHeader = (line: string): boolean => line.length <= LONGEST && HEADER.test(line) && !FRAMING.test(line)

/** Of files of secrets: where they are, and a name in there; never a way that leads elsewhere. */
export const SECRETS_DIRECTORY = '/etc/lvsm/secrets.d'
const SECRET = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/
export const isSecretName = (name: string): boolean => SECRET.test(name)
