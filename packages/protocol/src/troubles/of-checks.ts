/** Kinds of trouble of those who ask whether realservers are well. */
import { kind, ofRedundancy, type TroubleKind } from './kind.ts'

export const CHECKING = {
  'cannot-check': kind(
    'warning',
    'node',
    'checks of type TYPE cannot be made here: REASON',
    'verdicts of such checks stay as they are; a realserver that was never checked does not serve where this node owns its group',
    'as the line itself says: for icmp install ping (Debian: iputils-ping), and let it ask (net.ipv4.ping_group_range)',
  ),
  'check-unknown': kind(
    'warning',
    'service',
    'checks of service NAME say nothing of REALSERVERS: their verdicts stay as they are',
    'a realserver that fails now is not noticed; one that was never checked does not serve where this node owns its group',
    'mend what the line below it says: a plugin that is missing or ends with 3 (UNKNOWN), more programs at once than run (32), an own address that is gone; each step: lvsm check run NAME/REALSERVER --explain',
  ),
  'service-unchecked': ofRedundancy(
    'warning',
    'service',
    'NODE cannot check services NAMES: their realservers stay as they were known last, and those that were never known do not serve',
    'a realserver that fails is not noticed there; the node takes the group all the same when its owner fails, after those that can check more of its services; where it knows none of the realservers, no order moves the group there',
    'mend what the line below it says, on that node: a program or a file that is missing there, a name that is not found there, files that are used up; each step: lvsm check run NAME/REALSERVER --explain',
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
  'via-refused': kind(
    'warning',
    'service',
    'checks of SERVICE cannot go through IPVS to the VIP: the kernel does not take the entries that they need',
    'realservers are asked at their own addresses meanwhile: a lost alias, or a firewall before the VIP, goes unnoticed',
    'mend what lvsm status says of the kernel beside it; nft list chain inet lvsm-nat through, ipvsadm -Ln show what is there',
  ),
  'via-late': kind(
    'warning',
    'service',
    'checks of SERVICE through the VIP come late: its realservers take turns, longer than the interval',
    'a realserver that died is noticed later than the configuration says',
    'raise the interval of the check, or shorten its timeout (in the file, or with coordinators: lvsm check set SERVICE interval=…): a realserver that does not answer holds the others up for as long',
  ),
  'certificate-expires': kind(
    'warning',
    'service',
    'the certificate that SERVERS show for SERVICE ends on DATE',
    'from then on clients refuse it, and so do checks that look at it: the realservers are taken out, all at once where they share it',
    'renew it on those servers, and let their programs read it again; lvsm check run SERVICE --explain shows which one is served',
  ),
  'standby-finds-none': ofRedundancy(
    'warning',
    'service',
    'STANDBY finds no realserver of SERVICE well, and OWNER, which owns GROUP, finds SERVERS well',
    'it is served; if the node that finds none took it over, it would not be',
    'lvsm check run SERVICE --on STANDBY --explain, and the same on OWNER: what keeps one of them from asking the servers?',
  ),
  'verdicts-differ': kind(
    'info',
    'service',
    'STANDBY finds SERVERS of SERVICE failed, and OWNER, which owns GROUP, does not, or the other way round',
    'the verdict of the owner counts: who is out there and well elsewhere is kept out by what lies between the two; after a takeover the own one counts',
    'lvsm check list shows who finds what; lvsm check run SERVICE --on STANDBY --explain says why',
  ),
  'prober-ended': kind(
    'warning',
    'node',
    'lvsm-prober, which makes the checks of realservers, ended',
    'until it answers again verdicts stay as they are',
    'it is started again by itself; if that goes on, journalctl -u lvsm-agent says why it ends',
  ),
  'prober-silent': kind(
    'warning',
    'node',
    'lvsm-prober, which makes the checks of realservers, answers nothing',
    'until it answers verdicts stay as they are: a realserver that fails meanwhile is not noticed',
    'look whether the machine is too busy (uptime, top); one that goes on so is ended and started again by itself, and journalctl -u lvsm-agent says so',
  ),
} as const satisfies Readonly<Record<string, TroubleKind>>
