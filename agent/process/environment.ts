/** Which environment and which options of Node a daemon may run with. */

/** Where the system's own programs are. */
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** No thread of Node waits for SIGUSR1 to open the inspector. */
const QUIET = '--disable-sigusr1'

/** What of Node, of the dynamic loader, of the C library or of OpenSSL changes what a program does. */
const HARMFUL =
  /^(?:NODE_|LD_|UV_|V8_|OPENSSL_|SSL_CERT_|MALLOC_|GLIBC_|GCONV_PATH$|LOCPATH$|NLSPATH$|HOSTALIASES$|LOCALDOMAIN$|RES_OPTIONS$|KOFFI_)/
/** What a supervisor and a person's terminal say to a program that needs no more of them. */
const KEPT =
  /^(?:HOME|USER|LOGNAME|SHELL|TERM|LANG|LANGUAGE|LC_[A-Z]+|TZ|NO_COLOR|NOTIFY_SOCKET|WATCHDOG_(?:PID|USEC)|LISTEN_[A-Z]+|INVOCATION_ID|JOURNAL_STREAM|(?:RUNTIME|STATE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY)$/
/** Options of Node that open it to others, load other code into it, or have it write its memory into files, some of them at a signal. */
const OPENING =
  /^(?:-[a-z]|--(?:inspect|debug|require|import|loader|experimental-(?:loader|default-config|config|sea)|env-file|eval|print|watch|openssl|snapshot|build-snapshot|heapsnapshot|report|heap-prof|cpu-prof|prof)\b)/

export type Environment = Readonly<Record<string, string | undefined>>
export interface Start {
  readonly environment: Environment
  readonly options: readonly string[]
  /** An inspector is open. */
  readonly inspected: boolean
}

export const isClean = ({ environment, options, inspected }: Start): boolean =>
  !inspected &&
  options.includes(QUIET) &&
  !options.some((option) => OPENING.test(option)) &&
  !Object.keys(environment).some((name) => HARMFUL.test(name))

export const cleanEnvironment = (environment: Environment): Record<string, string> =>
  Object.fromEntries([
    ...Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && KEPT.test(name) ? [[name, value] as const] : [],
    ),
    ['PATH', PATH] as const,
  ])

/** An option and the value behind it cannot be told apart from a program's name: those that take one must write `=`, or go. */
export const cleanOptions = (options: readonly string[]): string[] => [
  QUIET,
  ...options.filter((option) => /^--[\w-]+(?:=.*)?$/.test(option) && option !== QUIET && !OPENING.test(option)),
]
