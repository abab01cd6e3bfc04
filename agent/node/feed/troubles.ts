/** What is wrong with following, as sentences for people. */
import type { Refusal, Trouble } from '@lvsm/base'
import { wayBack } from '@lvsm/protocol'

const trouble = (code: string, message: string, hint: string): Trouble => ({ code, severity: 'warning', message, hint })
const stays = (own: number): string => (own === 0 ? 'there is none here yet' : `revision ${own} stays in use`)

export const silent = (reason: string, own: number): Trouble =>
  trouble(
    'no-coordinator',
    `no coordinator can be followed (${reason}): ${stays(own)}, and changes wait`,
    wayBack(reason),
  )
export const notFollowed = ({ code, message, hint = 'lvsm coordinators' }: Refusal, own: number): Trouble =>
  code === 'coordinator-behind'
    ? trouble(
        code,
        `${message}: ${stays(own)}`,
        'it catches up when it reaches the others (lvsm coordinators); where an old backup was put back, remove followed.yaml and followed-facts.json from the state directory of the agent',
      )
    : trouble(code, `no coordinator can be followed (${message}): ${stays(own)}`, hint)
export const older = (revision: number, own: number): Trouble =>
  notFollowed(
    { code: 'coordinator-behind', message: `a coordinator has revision ${revision}, and this agent ${own} already` },
    own,
  )
export const keysUnwritten = (stateDir: string, reason: string): Trouble =>
  trouble(
    'heartbeat-key-not-kept',
    `a heartbeat key of this node cannot be kept in ${stateDir}: ${reason}; it signs as it did`,
    'make room, or mend the disk: it is tried again and again',
  )
export const damaged = (revision: number, own: number): Trouble =>
  trouble(
    'revision-damaged',
    `revision ${revision} came twice with another checksum than its own: ${stays(own)}`,
    'look at the coordinator that the log names; another one is asked meanwhile',
  )
export const strange = (revision: number, own: number, fault: string): Trouble =>
  trouble(
    'revision-refused',
    `revision ${revision} is not understood here: ${stays(own)}`,
    `${fault}; install the coordinators' version of lvsm on this node`,
  )
export const notKept = (file: string, reason: string, own: number): Trouble =>
  trouble(
    'revision-not-kept',
    `what the coordinators have cannot be kept (${file}: ${reason}): it is not used, so that a restart does not go back; ${stays(own)}`,
    'make room, or mend the disk: it is tried again and again',
  )
