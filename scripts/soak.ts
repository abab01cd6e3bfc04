/** `npm run soak`: many random lives of simulated clusters; the options are those of test/sim/soak.ts. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const soak = fileURLToPath(new URL('../test/sim/soak.ts', import.meta.url))
const { status } = spawnSync(process.execPath, [soak, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
