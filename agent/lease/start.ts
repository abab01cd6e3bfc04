/** How the lease process begins: directories, lock and kernel first, or a word why not. */
import { DAEMON_EXITS } from '@lvsm/protocol'
import { KernelError } from '@lvsm/kernel'
import { takeDirectories, type Unready } from '../process/directories.ts'
import { Daemon, type Machine, SOCKET, unanswered } from './daemon.ts'
import type { RunOptions } from './options.ts'

/** Null when it cannot be: `machine.exit` was called, and nothing was touched. */
export function startDaemon(options: RunOptions, machine: Machine): Daemon | null {
  const { runDir, stateDir } = options
  const lock = takeDirectories({ program: 'lvsm-lease', runDir, stateDir, socket: SOCKET, lock: 'lease.lock' })
  if ('faults' in lock) return end(lock, machine)
  try {
    return new Daemon(options, machine, machine.openKernel(), lock)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return end({ exit: 'world', faults: [unanswered(error)] }, machine)
  }
}

function end({ exit, faults }: Unready, { say, exit: leave }: Machine): null {
  say(faults.join('\n'))
  leave(DAEMON_EXITS[exit].code)
  return null
}
