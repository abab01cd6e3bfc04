/** Kinds of trouble of those who ask whether realservers are well. */
import { kind, type TroubleKind } from './kind.ts'

export const CHECKING = {
  'cannot-check': kind(
    'warning',
    'node',
    'checks of type TYPE cannot be made here: REASON',
    'verdicts of such checks stay as they are; a realserver that was never checked keeps this node from taking its group',
    'as the line itself says: for icmp install ping (Debian: iputils-ping), and let it ask (net.ipv4.ping_group_range)',
  ),
  'sockets-unread': kind(
    'warning',
    'node',
    'NODE cannot see who listens on it: REASON',
    'its own view has no part in verdicts: checks from outside alone decide',
    'modprobe tcp_diag udp_diag; ss -ltn shows what can be seen',
  ),
  'own-view-silent': kind(
    'warning',
    'node',
    'the agent of NODE does not say whether somebody listens there, for SERVICES: checks from outside alone decide',
    'a service that died there is noticed by its check alone, later',
    'has NODE the same version and configuration? lvsm status there; journalctl -u lvsm-agent there',
  ),
  'prober-ended': kind(
    'warning',
    'node',
    'lvsm-prober, which makes the checks of realservers, ended',
    'until it answers again verdicts stay as they are',
    'it is started again by itself; if that goes on, journalctl -u lvsm-agent says why it ends',
  ),
} as const satisfies Readonly<Record<string, TroubleKind>>
