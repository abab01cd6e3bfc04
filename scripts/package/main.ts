/** `npm run package`: a Debian package of everything that a node needs, with its own Node. */
import { makePackage, Refused } from './make.ts'
import { readOptions, USAGE } from './options.ts'

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

const options = readOptions(process.argv.slice(2))
if (typeof options === 'string') {
  console.error(`package: ${options}\n${USAGE}`)
  process.exit(2)
}
try {
  const { file, size, installed } = await makePackage(options)
  console.log(`${file}: ${megabytes(size)}, installed ${megabytes(installed)}\n  → apt install ${file}`)
} catch (error) {
  // Whatever else it is comes with its place.
  console.error(`package: ${error instanceof Refused ? error.message : (error as Error).stack}`)
  process.exitCode = 1
}
