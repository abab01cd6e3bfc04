/** What receivers of alerts are told beside troubles: `lvsm status` says it in its first lines, of what it is about. And what keeps them from it. */
import { kind, type TroubleKind } from './kind.ts'

export const ALERTS = {
  'node-dead': kind(
    'critical',
    'node',
    'node NAME is dead: nothing is heard from it over any link (REASON)',
    'it takes nothing over, and where it votes, its vote is lost; whether its servers answer, their checks say',
    'does the machine run? Then look at lvsm-lease there (systemctl status lvsm-lease): one that hangs is started anew by systemctl restart lvsm-lease; else start it, or take the node out: README, leave, or start over',
  ),
  'group-unowned': kind(
    'critical',
    'group',
    'nobody owns GROUP (ADDRESSES): REASON',
    'nobody answers for its addresses',
    'lvsm explain GROUP: why no director could take it',
  ),
  'group-immovable': kind(
    'warning',
    'group',
    'GROUP could not move now: REASON',
    'it is served, and the next fault of its owner ends that',
    'lvsm explain GROUP: which director could not take it, and why',
  ),
  'service-unserved': kind(
    'critical',
    'service',
    'SERVICE: none of NUMBER realservers takes connections',
    'its clients are refused',
    'lvsm explain SERVICE: which realservers fail, and why',
  ),
  'service-doubtful': kind(
    'critical',
    'service',
    'SERVICE: all checks fail, and its realservers are kept, so that nobody knows whether it is served',
    'either all of its servers fail, or its check asks for the wrong thing',
    'lvsm check run SERVICE --explain: what they answer; ask as a client does: curl http://ADDRESS',
  ),
  'server-failed': kind(
    'warning',
    'service',
    'SERVICE: REALSERVERS failed, or are out',
    'the others carry their load',
    'lvsm check run SERVICE/SERVER --explain: what it answers',
  ),
  'hook-failed': kind(
    'warning',
    'group',
    'hook NAME of GROUP failed (REASON)',
    'the group is served as ever; what the hook is for was not done',
    'run it by hand on that node, as the line says; it is run again at the next move',
  ),
  'alert-failing': kind(
    'warning',
    'receiver',
    'receiver NAME cannot be told of alerts: REASON',
    'what happens is told nobody there until it works again; then it is told all that lasts, and what is over since',
    'lvsm alert test NAME says what happens; what is wrong is corrected in the file, or with coordinators: lvsm receiver set NAME …',
  ),
  'alerts-overflow': kind(
    'critical',
    'alerts',
    'NUMBER causes have no room among the alerts, and nobody is told of them: more is wrong than 512 things at once',
    'what is critical has room before what is not; the rest is told when others are over',
    'lvsm alert list: what so many of them have in common; where it is no trouble: troubles or severity of the receiver in the file, or with coordinators lvsm receiver set NAME with troubles= or severity=',
  ),
  'hooks-not-kept': kind(
    'warning',
    'node',
    'cannot write which hooks began and ended',
    'should lvsm-agent end meanwhile, hooks that began may run again, and those of release not at all',
    'make room there (df, df -i), or mount it writable (mount -o remount,rw); it is tried again by itself',
  ),
  'alerts-not-kept': kind(
    'warning',
    'node',
    'cannot write whom this node told of which alerts',
    'should lvsm-agent end meanwhile, receivers are told again of what lasts, and perhaps not that something is over',
    'make room there (df, df -i), or mount it writable (mount -o remount,rw); it is tried again by itself',
  ),
  'alerts-damaged': kind(
    'warning',
    'node',
    'whom this node told of which alerts is damaged',
    'receivers are told again of what lasts, and perhaps not that something is over',
    'nothing has to be done; it is over with the next start of lvsm-agent',
  ),
} as const satisfies Readonly<Record<string, TroubleKind>>
