/**
 * fast-check, as tests have it (vitest.config.ts): with the same cases each time, so that a test says something about the code and
 * nothing about luck. New cases are looked for by `npm run soak`, which gives each round a seed of its own.
 */
import { createRequire } from 'node:module'
import type Library from 'fast-check'

const library = createRequire(import.meta.url)('fast-check') as typeof Library
library.configureGlobal({ seed: Number(process.env['LVSM_FUZZ_SEED'] ?? 1) })
export default library
