/** Kinds of trouble around coordinators, and around following them (`table.ts`). */
import { kind as kindOf, type TroubleKind } from './kind.ts'

const kind = (severity: TroubleKind['severity'], says: string, means: string, next: string): TroubleKind =>
  kindOf(severity, 'node', says, means, next)
/** Of these there is one less, or none: changes wait, or wait after one more fault. */
const ofRedundancy = (...columns: Parameters<typeof kind>): TroubleKind => ({
  ...kind(...columns),
  costs: 'redundancy',
})
const STAYS = 'the configuration that is in use goes on, and changes wait'
/** Of a disk. */
export const ROOM = 'make room there (df, df -i), or mend the disk; it is tried again by itself'

export const COORDINATOR_TROUBLES = {
  'no-coordinator': ofRedundancy(
    'warning',
    'no coordinator can be followed',
    STAYS,
    'lvsm coordinators: does lvsm-coordinator run where it should, and is its port for nodes open from here?',
  ),
  'coordinator-behind': kind(
    'warning',
    'a coordinator has an older revision than this agent',
    STAYS,
    'it catches up when it reaches the others (lvsm coordinators); an old backup that was put back: see the line itself',
  ),
  'coordinator-absent': ofRedundancy(
    'warning',
    'lvsm-coordinator of NODE is not there: REASON',
    'with a majority of the coordinators gone, changes wait',
    'mend what its last words say, then systemctl restart lvsm-coordinator; journalctl -u lvsm-coordinator',
  ),
  'coordinator-disk': kind(
    'critical',
    'the disk of lvsm-coordinator of NODE has no room, or does not answer',
    'it takes no changes, and leads no others; with a majority of the coordinators so, changes wait',
    ROOM,
  ),
  'people-certificate': kind(
    'warning',
    'the certificate of the port for people ends at TIME, and cannot be made anew: REASON',
    'from then on browsers and scripts refuse it',
    'restart lvsm-coordinator; where it cannot make one either: authority.key of another coordinator',
  ),
  'no-leader': ofRedundancy(
    'warning',
    'no coordinator can be followed (none of them leads)',
    STAYS,
    'bring up a majority of the coordinators: lvsm coordinators',
  ),
  'revision-damaged': kind(
    'warning',
    'revision NUMBER came twice with another checksum',
    STAYS,
    'look at the coordinator that the log names',
  ),
  'revision-refused': kind(
    'warning',
    'revision NUMBER is not understood here',
    STAYS,
    'install the coordinators’ version of lvsm on this node',
  ),
  'revision-not-kept': kind('warning', 'what the coordinators have cannot be kept', STAYS, ROOM),
  'heartbeat-key-not-kept': kind('warning', 'a heartbeat key of this node cannot be kept', 'it signs as it did', ROOM),
  'heartbeat-secret-missing': kind(
    'warning',
    'lvsm-coordinator of NODE does not have the secret of heartbeat key ID (FILE)',
    'machines that ask it cannot join, and are sent to another one; those that have the file already come in',
    'on NAME, as root, where that file is: lvsm coordinators secrets',
  ),
  'heartbeat-keys-wait': kind(
    'warning',
    'heartbeat keys change when every node has the new ones',
    'the old keys go on',
    'start lvsm-lease and lvsm-agent on the nodes that it names; lvsm node remove NAME for one that does not come back',
  ),
  'no-console': kind(
    'warning',
    'the port for people has no console',
    'the API works, its page does not',
    'install the package again, and restart lvsm-coordinator',
  ),
  'clock-differs': kind(
    'warning',
    'the clock of coordinator NAME is SPAN ahead of those of a majority of the coordinators',
    'what is wanted for a while, tokens and sessions end when the clocks of a majority say so',
    'set the clocks of the coordinators by one source (timedatectl; chronyc sources)',
  ),
  'coordinator-unnamed': kind(
    'warning',
    'NAME is one of the coordinators, and by the configuration it is to be none',
    'it votes on changes, and keeps the configuration with its keys',
    'lvsm coordinators remove NAME; where it is to stay one: lvsm node set NAME coordinator=true',
  ),
  'coordinator-elsewhere': kind(
    'warning',
    'lvsm-coordinator of NODE is elsewhere than its record says, and that stays: REASON',
    'coordinators that start, machines that join and agents ask for it where it was; those that run find it',
    'mend the reason that it names (lvsm coordinators, lvsm cluster finalize); it is tried again by itself',
  ),
  'coordinator-missing': kind(
    'warning',
    'NAME is to be a coordinator, and is none yet',
    'changes survive the loss of fewer machines than they could',
    'on NAME: lvsm coordinators join; where it is to be none: lvsm node set NAME coordinator=false',
  ),
  'no-authority-key': kind(
    'warning',
    'the port for people stays closed: the key of the authority is not here',
    'nobody logs in on this coordinator',
    'copy authority.key from another coordinator, and restart this one',
  ),
  crowded: kind(
    'warning',
    'ADDRESS opens more connections to the port for people than any client does',
    'its connections are refused, others are taken',
    'look who that is',
  ),
  'port-failed': kind(
    'critical',
    'the port for nodes, or for people, failed',
    'nobody reaches this coordinator there',
    'journalctl -u lvsm-coordinator, and restart it',
  ),
  'snapshot-too-large': kind(
    'critical',
    'coordinator NUMBER sends a state that is too large',
    'this coordinator cannot catch up',
    'keep fewer revisions',
  ),
  'peer-unreachable': ofRedundancy(
    'warning',
    'coordinator NUMBER cannot be reached',
    'with a majority gone, changes wait',
    'does lvsm-coordinator run there, and is its port for nodes open?',
  ),
  stranger: kind(
    'warning',
    'ADDRESS connects to the port for nodes and is none',
    'it is refused',
    'if it is a node of this cluster, let it join again; else look who that is',
  ),
} as const satisfies Record<string, TroubleKind>
