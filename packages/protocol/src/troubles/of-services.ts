/** Kinds of trouble of one service. */
import { kind, ofRedundancy, ofServing, type TroubleKind } from './kind.ts'

export const SERVICES = {
  'module-missing': ofServing(
    'critical',
    'service',
    'service NAME (KEY) is not there: the kernel does not know SCHEDULER',
    'this one service is not served by this node; all others are',
    'modprobe the module that the line names; where the distribution has none (ip_vs_twos), choose another scheduler in the file, or with coordinators: lvsm service set NAME scheduler=wlc',
  ),
  'pool-full': kind(
    'critical',
    'service',
    'service NAME refuses new clients: all its realservers have as many connections as they may: REALSERVERS',
    'who is connected is served; nobody else is until connections end',
    'more realservers, or a higher limit (upper-threshold in the file, or with coordinators: lvsm server set SERVER service=NAME upper-threshold=N); lvsm connections --service NAME shows who has them',
  ),
  'server-leaving': kind(
    'info',
    'service',
    'SERVERS: removed from SERVICE, no new connections; what is left then is cut off',
    'who is connected to them goes on until then, also when the group moves; they serve nobody else, and keep their VIP meanwhile',
    'nothing has to be done: it is over when the last of them has ended; to cut such off another time, with coordinators: lvsm server remove NAME service=SERVICE --now',
  ),
  'backup-serves': kind(
    'warning',
    'service',
    'service NAME is served by its backup NODE: REALSERVERS',
    'clients get what the backup says; the realservers take over again by themselves from the quorum on',
    'lvsm explain NAME: which realservers fail, and why',
  ),
  'below-quorum': ofRedundancy(
    'warning',
    'service',
    'service NAME is below its quorum: REALSERVERS',
    'the realservers that are left carry it all, and there is no living backup',
    'lvsm explain NAME: which realservers fail, and why; a backup has backup: true in the file, or with coordinators: lvsm server set NODE service=NAME backup=true',
  ),
} as const satisfies Readonly<Record<string, TroubleKind>>
