/** Kinds of trouble of one node: its kernel, its configuration, its disk. */
import { type TroubleKind, kind, ofQuality, ofRedundancy, ofServing } from './kind.ts'

const SAME_FILE =
  'see which field differs, give every node the same file and reload it (systemctl reload lvsm-agent); with coordinators: lvsm coordinators, and lvsm config show on both nodes'
const ROOM = 'make room there (df, df -i), or mount it writable (mount -o remount,rw); it is tried again by itself'

/** `lvsm fence status` tells of it. */
const fence = (says: string): TroubleKind =>
  kind(
    'critical',
    'node',
    says,
    'the kernel does not silence addresses of this node by itself',
    'systemctl status lvsm-lease: it puts the fence back within a second, as long as it runs',
  )

export const KERNEL = {
  'no-ipvs': ofServing(
    'critical',
    'node',
    'this kernel has no IPVS',
    'this node forwards nothing, and can take nothing over',
    'modprobe ip_vs (Debian: package linux-image-amd64)',
  ),
  'kernel-refused': ofServing(
    'critical',
    'node',
    'cannot DO: REASON',
    'the kernel is not what the configuration says, so this node is not ready',
    'mend what the kernel says (modprobe for a module that is missing); it is tried again every second',
  ),
  'cannot-observe': ofQuality(
    'critical',
    'node',
    'cannot read the kernel: REASON',
    'nothing is repaired here, and the node is not ready',
    'look at the reason; it is tried again every second',
  ),
  'plan-refused': ofQuality(
    'critical',
    'node',
    'a plan was not carried out: LAW',
    'the kernel stays as it is',
    'this is a defect of lvsm: please report it',
  ),
  'fought-over': ofQuality(
    'critical',
    'node',
    'somebody changes SETTING again and again: NUMBER times in the last minute, or at intervals of up to an hour',
    'between a change and its repair requests fail',
    'find who else sets it, or takes it away (sysctl --system, NetworkManager, scripts of cron, ip -ts monitor address, another load balancer, configuration management), and stop it',
  ),
  flapping: kind(
    'warning',
    'service',
    'realserver SERVER of service SERVICE fails again and again, and is held out for a while',
    'the others of its pool carry its load; it comes back by itself, or at once where nobody else is well',
    'find out why: lvsm check run SERVICE/SERVER --explain, and the log of its server; to hold nobody out, with coordinators: lvsm check set SERVICE flap-hold=; else the file without it',
  ),
  'foreign-destination': kind(
    'warning',
    'service',
    'DESTINATION in service SERVICE is not of our making and stays, with N of M of the weight (or with weight 0)',
    'clients are sent to it by its weight, where this node owns the group, and nobody checks it',
    'ipvsadm -d … as the line says, or add it to the configuration',
  ),
  'foreign-service': ofServing(
    'critical',
    'node',
    'IPVS service SERVICE is not of our making',
    'it takes what clients ask of a VIP, or may (by mark), and nobody checks who serves it',
    'ipvsadm -D … as the line says, and take it from whatever makes it; or add it to the configuration',
  ),
  'foreign-default-route': ofServing(
    'critical',
    'node',
    'the default route goes through ROUTER and not through NAT gateway ADDRESS',
    'answers do not come back through the director: requests through NAT to this realserver hang',
    'ip route del default (of IPv6: ip -6 route del default), and from whatever sets it at boot',
  ),
  'gateway-unreachable': ofServing(
    'critical',
    'node',
    'no interface of this node is in the network of NAT gateway ADDRESS',
    'answers of this realserver do not come back',
    'give the node an address in that network',
  ),
  'no-interface': ofServing(
    'critical',
    'group',
    'no interface is in the network of ADDRESS',
    'this node cannot take the group',
    'name one in the configuration, or give the node an address in that network',
  ),
  'interface-down': ofServing(
    'critical',
    'interface',
    'interface NAME is down, needed for ADDRESSES',
    'this node cannot serve their groups, and gives them up',
    'check the cable, or: ip link set NAME up',
  ),
  'sync-refused': ofRedundancy(
    'warning',
    'node',
    'connections are not synchronised: cannot DO: REASON',
    'this node tells or hears nothing of connections: those that are established end when their group moves',
    'mend what the kernel says; it is tried again every second',
  ),
  'no-sync-interface': ofRedundancy(
    'warning',
    'node',
    'no interface of this node has ADDRESS, over which directors tell each other of connections',
    'connections that are established end when their group moves',
    'give the node this address, or correct it in the configuration',
  ),
  'sync-source': ofRedundancy(
    'warning',
    'node',
    'what this node tells of connections leaves INTERFACE with ADDRESS as source, and the other directors take it from ADDRESS alone',
    'its standbys know nothing of its connections: those that are established end when their group moves',
    'make the address of the link the first one of its interface (of IPv6 the only one that is not deprecated), or choose another link: sync-link',
  ),
  'standby-unaware': ofRedundancy(
    'warning',
    'group',
    'NODE knows NUMBER of NUMBER established connections of group GROUP, or hears nothing of them',
    'the others would end if it took the group over',
    'look whether messages arrive there: nft list chain inet lvsm-nat sync, ipvsadm -L --daemon, the switch (multicast)',
  ),
  'no-sysctl': kind(
    'warning',
    'node',
    'the kernel has no SETTING',
    'what the setting is for does not work here',
    'is /proc mounted, and the interface there?',
  ),
  'no-fence': fence('no fence stands'),
  'no-fence-table': fence('the table TABLE is missing'),
  'no-fence-hook': fence('the table TABLE has no chain HOOK'),
  'no-fence-group': fence('the chain of group GROUP is missing or incomplete'),
  'no-fence-address': fence('address ADDRESS of GROUP is not guarded'),
  'no-fence-egress': kind(
    'warning',
    'node',
    'the table netdev is missing',
    'gratuitous ARP of raw sockets is not guarded',
    'kernels before 5.16 have no egress hook: nothing to do',
  ),
  'monitoring-unheard': kind(
    'warning',
    'node',
    'nothing listens at ADDRESS, port PORT, for WHAT: WHY',
    'Prometheus, load balancers that ask this node, or HAProxy, hear nothing of it',
    'ss -Hltnp says who has the port; another one: monitoring-port, or agent-port, in the configuration; with coordinators: lvsm cluster set monitoring-port=N',
  ),
} as const satisfies Record<string, TroubleKind>

export const CONFIGURATION = {
  disagreement: kind(
    'critical',
    'node',
    'NODE has other PARTS in its configuration than the others: FIELD of OBJECT: VALUE at NODE, VALUE at ANOTHER',
    'no switchover goes to the odd node; with other voters, directors, addresses, ping nodes or timing it takes nothing over either, with other services it does when the owner fails, and serves by its own',
    SAME_FILE,
  ),
  'configuration-refused': kind(
    'warning',
    'node',
    'the file was not taken over',
    'the configuration before it goes on',
    'correct what the line names, and: systemctl reload lvsm-agent',
  ),
  'more-warnings': kind(
    'warning',
    'node',
    'the configuration: NUMBER more warnings',
    'as each of them says',
    'journalctl -u lvsm-agent has them all',
  ),
  'more-troubles': kind(
    'warning',
    'node',
    'NUMBER more troubles of this kind or less',
    'as each of them says',
    'lvsm status on that node shows them all',
  ),
  'facts-damaged': kind(
    'warning',
    'node',
    'the file of what is drained, stopped and under maintenance cannot be read',
    'what is drained may serve here as configured',
    'systemctl status lvsm-coordinator: it writes the file anew; lvsm intents says what is wanted',
  ),
} as const satisfies Record<string, TroubleKind>

export const STATE = {
  'state-not-kept': kind(
    'critical',
    'node',
    'DIRECTORY cannot be written: REASON',
    'maintenance, votes and what was drained are forgotten at the next restart; a longer lease and other voters wait',
    ROOM,
  ),
  'events-not-kept': kind(
    'warning',
    'node',
    'cannot write the events',
    'what happened is forgotten when lvsm-agent ends',
    ROOM,
  ),
  'no-state': kind(
    'warning',
    'node',
    'cannot write the record of what is ours',
    'IPVS entries that leave the configuration stay',
    ROOM,
  ),
  'word-not-kept': kind(
    'warning',
    'node',
    'cannot write what was said of maintenance (lvsm standby)',
    'after a restart the word before it holds',
    `${ROOM}; then say it again: lvsm standby on, or off`,
  ),
  'word-damaged': kind(
    'warning',
    'node',
    'what this node was told of its maintenance is damaged',
    'the coordinators’ word holds, where they have one',
    'say it again on this node: lvsm standby on, or off',
  ),
  'record-damaged': kind(
    'warning',
    'node',
    'the record of what is ours is damaged',
    'entries that left the configuration before stay in the IPVS table',
    'ipvsadm -Ln, and take them out by hand',
  ),
  'record-version': kind(
    'warning',
    'node',
    'the record of what is ours is of another version',
    'entries that left the configuration before stay in the IPVS table',
    'ipvsadm -Ln, and take them out by hand',
  ),
} as const satisfies Record<string, TroubleKind>
