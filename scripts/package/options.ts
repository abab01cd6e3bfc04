/** The command line of `npm run package`. */
import { parseArgs } from 'node:util'

export const USAGE = `usage: npm run package [-- --version VERSION] [--compression xz|none] [--out DIR]
  --version VERSION    of the package (that of package.json)
  --compression HOW    none: larger and at once, for tests (xz)
  --out DIR            where to (dist)
SOURCE_DATE_EPOCH is the time that its files get; without it, that of the commit.`

const COMPRESSIONS = ['xz', 'none'] as const
export interface Options {
  readonly version: string | null
  readonly compression: (typeof COMPRESSIONS)[number]
  readonly out: string
}

/** man 7 deb-version, without a revision: nobody packages it beside us. */
const VERSION = /^\d[A-Za-z0-9.+~]*$/

/** A sentence, where it cannot be understood. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        version: { type: 'string' },
        compression: { type: 'string', default: 'xz' },
        out: { type: 'string', default: 'dist' },
      },
    })
    const { version = null, out } = values
    const compression = COMPRESSIONS.find((one) => one === values.compression)
    if (compression === undefined) return `--compression is ${COMPRESSIONS.join(' or ')}, not ${values.compression}`
    if (version !== null && !VERSION.test(version))
      return `--version ${version} is no version of a package (0.1.0, 0.2.0~rc1)`
    return { version, compression, out }
  } catch (error) {
    return (error as Error).message
  }
}
