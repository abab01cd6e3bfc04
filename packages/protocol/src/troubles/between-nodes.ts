/** Kinds of trouble between nodes: what they hear of each other, and who owns what. */
import { kind, ofPart, ofRedundancy, type TroubleKind } from './kind.ts'

const KEYS =
  'compare the fingerprints that both sides show; give the odd node the key file of the others and reload it (systemctl reload lvsm-agent); with coordinators: lvsm rekey there'
const VOTES_WAIT = 'this node does not vote for now: the other voters are all needed'

export const HEARTBEATS = {
  'peer-unbelieved': kind(
    'critical',
    'node',
    'datagrams that come from the address of NODE are not believed: with a wrong signature',
    'that node counts for nothing here: it is no voter, and no successor',
    KEYS,
  ),
  'all-unbelieved': ofPart(
    'critical',
    'node',
    'nobody who speaks is believed here',
    'this node is cut off by its own key: it takes nothing over, and its vote is lost',
    KEYS,
  ),
  'one-way': ofRedundancy(
    'warning',
    'node',
    'NODE does not hear OTHER, which hears it',
    'what the one says does not reach the other: its vote, or how a realserver is; with one more fault a group may find no majority',
    'look for what stops datagrams from the one to the other: ip route get ADDRESS on the one that is not heard, nft list ruleset on both, cable, switch; tcpdump -n udp there shows whether they arrive',
  ),
  'heard-by-others': kind(
    'warning',
    'node',
    'NODE does not hear OTHER, which THIRD heard',
    'what it says of itself does not arrive here: how it is, is not known here',
    'look for what stops datagrams from the one to the other: ip route get ADDRESS on the one that is not heard, nft list ruleset on both, cable, switch; tcpdump -n udp there shows whether they arrive',
  ),
  'lossy-link': ofRedundancy(
    'warning',
    'link',
    'about PERCENT % of what NODE sends to OTHER over LINK is lost',
    'who lives may be taken for dead, an owner may lose its lease without a fault, and a takeover may come late; agents do not hear each other for a while',
    'look for errors and drops on the way, in that direction: ip -s link show on both nodes, nft list ruleset, tc qdisc show, the port of the switch',
  ),
  'link-silent': ofRedundancy(
    'warning',
    'link',
    'over the heartbeat link LINK nothing came lately from NODE to NODE, but over another one',
    'with one link left, the next fault separates the nodes',
    'check cable, switch and firewall of that link, in the direction that it names',
  ),
  'link-down': ofRedundancy(
    'warning',
    'link',
    'interface NAME is down, needed for heartbeat link LINK; or: link LINK: cannot listen on ADDRESS',
    'no heartbeats over that link: with one link left, the next fault separates the nodes',
    'bring the interface up, or give it its address; who has the port: ss -ulpn',
  ),
  'link-address-gone': ofRedundancy(
    'critical',
    'link',
    'address ADDRESS of heartbeat link LINK is not on any interface of NODE',
    'nothing comes or goes over that link: with one link left, the next fault separates the nodes; a node without any is dead for the others. Addresses of groups in its network cannot stand there: then it is critical',
    'ip addr add ADDRESS/PREFIX dev INTERFACE, as the line says where it was; and find what took it away (NetworkManager, systemd-networkd, DHCP, a script)',
  ),
  'heartbeats-unfiltered': kind(
    'warning',
    'node',
    'no rules in front of the heartbeat ports: REASON',
    'whoever reaches the ports can keep the lease process busy',
    'modprobe nft_limit; until then let only the other nodes reach these ports',
  ),
  dropped: kind(
    'warning',
    'node',
    'within the last minute came DATAGRAMS that were dropped: REASON',
    'somebody speaks past this cluster, or at it; nothing of it is believed',
    'as the line itself says: who sends there, and from where',
  ),
  'not-sent': kind(
    'warning',
    'node',
    'within the last minute DATAGRAMS could not be sent: REASON',
    'other nodes hear less of this one, or nothing where it has no other link',
    'look at the links of this node: ip addr, ip route, nft list ruleset',
  ),
  'messages-lost': kind(
    'warning',
    'node',
    'within the last minute came MESSAGES that were lost: REASON',
    'other nodes may know less of this one, or it of them, until they are told again',
    'look what keeps lvsm-agent busy there, and at its log: journalctl -u lvsm-agent',
  ),
  late: kind(
    'warning',
    'node',
    'in the last five minutes renewals came late by MILLISECONDS',
    'a lease may be lost without any fault, and the group move',
    'look for what holds up lvsm-lease (load, a hypervisor), or give every node a longer lease: timing.lease',
  ),
  'cloned-node': kind(
    'critical',
    'node',
    'two machines call themselves NODE',
    'one vote could be lent twice, and two machines own one address',
    'stop one of them, or give it a name and addresses of its own',
  ),
} as const satisfies Record<string, TroubleKind>

export const OWNERSHIP = {
  'no-lease-process': ofPart(
    'critical',
    'node',
    'the lease process does not answer: REASON',
    'this node takes nothing over, and its vote is lost',
    'systemctl status lvsm-lease, and its log: journalctl -u lvsm-lease',
  ),
  'agent-silent': kind(
    'critical',
    'node',
    'lvsm-agent of NODE is not at work: REASON',
    'nobody checks realservers there, and the node can take nothing over; what it owns goes on as it was',
    'mend what its last words say, and start it: systemctl restart lvsm-agent; journalctl -u lvsm-agent',
  ),
  'owner-changes-often': kind(
    'warning',
    'group',
    'GROUP was taken NUMBER times within the last minute, and nobody ordered it',
    'each time its clients wait for a moment, and connections that are not synchronised end',
    'lvsm events says why each time; look for loss on the heartbeat links (ip -s link show), a machine that stands still, and directors that start again and again',
  ),
  'address-conflict': kind(
    'critical',
    'address',
    'MAC answers for ADDRESS of GROUP, and is no director of it',
    'clients reach that machine in place of this cluster, now or when they ask again',
    'find it in the switch (its MAC address table) and take the address away there: ip addr del; ip neigh show on a client says whom it reaches',
  ),
  'state-lost': kind(
    'warning',
    'node',
    'NODE found no state at its start and does not vote for 30 s',
    VOTES_WAIT,
    'wait; stop no other voter; if the file was lost, look at the disk',
  ),
  'epoch-lost': kind(
    'warning',
    'node',
    'NODE lost which set of voters it acted on last',
    VOTES_WAIT,
    'wait until its coordinators are reached: lvsm coordinators; stop no other voter',
  ),
  'older-epoch': kind(
    'critical',
    'node',
    'refused a configuration of epoch NUMBER',
    'the node keeps the voters that it has, and follows no change of them',
    'lvsm coordinators: they are behind, or an old backup was put back',
  ),
  'other-voters': ofPart(
    'critical',
    'node',
    'NODE counts other voters than OTHER',
    'this node takes nothing over and lends nothing anew until they agree',
    'give every node the same configuration; to exchange voters without coordinators, stop all lease processes first',
  ),
  'view-refused': ofPart(
    'critical',
    'node',
    'the lease process refuses the configuration of its agent',
    'the lease process goes on with the configuration that it had',
    'start lvsm-lease and lvsm-agent of one node with the same --node and configuration',
  ),
  'file-lost': kind(
    'warning',
    'node',
    'a file of the lease process was damaged, or of another version',
    'what it said is forgotten; leases are safe',
    'look at the disk, and at what was put back there',
  ),
  'ping-unreached': ofRedundancy(
    'warning',
    'group',
    'ping node ADDRESS of GROUP is not reached',
    'clients behind it may not reach the group here; a ready director that reaches more takes it over',
    'look at the way there: ip route get ADDRESS, cable, switch port, VLAN; does it answer others?',
  ),
  'cannot-ping': kind(
    'warning',
    'node',
    'cannot ping: REASON',
    'the ping nodes count as not reached by this node',
    'as the line itself says: the right to open a raw socket (CAP_NET_RAW)',
  ),
} as const satisfies Record<string, TroubleKind>
