/** How a daemon ends: a defect of ours must look like one to its supervisor, and not like something to correct. */
import { DAEMON_EXITS } from '@lvsm/protocol'
import type { TaggedLog } from './journal.ts'

/** Whatever is thrown and caught by nobody ends the process, at once: the kernel's fence closes by itself. */
export function endAtDefects(name: string, log: TaggedLog): void {
  process.on('uncaughtException', (error: unknown) => {
    const stack = error instanceof Error ? error.stack : String(error)
    log.write(`${name}: ends, by a defect of its own; please report this:\n${stack}`, { severity: 'critical' })
    process.exit(DAEMON_EXITS.bug.code)
  })
}
