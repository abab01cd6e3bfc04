/** `fping`, which asks a thousand addresses by turns, and says when each answered. */
import { ensureProgram } from './debian.ts'

export const ensureFping = (): Promise<string> => ensureProgram('fping package', 'fping', 'fping')
