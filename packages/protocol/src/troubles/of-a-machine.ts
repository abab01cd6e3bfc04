/** Kinds of trouble of the machine below a node: its interfaces, its memory, its clock, tables of its kernel that are full. */
import { type TroubleKind, kind, ofQuality, ofRedundancy } from './kind.ts'

export const MACHINE = {
  'interface-errors': ofQuality(
    'critical',
    'interface',
    'interface NAME of NODE receives damaged frames: up to PERCENT % of all frames; or has no room for what comes, cannot send what it should, drops what it should send',
    'requests and answers that go by it wait for their retransmission, heartbeats and checks are lost; a warning below 1 %',
    'as the line says: cable, transceiver, port of the switch (ethtool NAME, ethtool -S NAME); a larger ring where there was no room. It is over a minute after the last losses',
  ),
  'interface-flaps': ofQuality(
    'critical',
    'interface',
    'interface NAME of NODE loses its carrier again and again: NUMBER times within five minutes',
    'each time all that goes by it stops for a moment, and groups may move',
    'exchange its cable, its transceiver and its port of the switch, one after the other; journalctl -k -g NAME has the times. It is over when it was quiet for two minutes and a half, and fewer than three came within five',
  ),
  'link-errors': ofRedundancy(
    'warning',
    'interface',
    'as interface-errors, of an interface by which heartbeats alone go, while another heartbeat link is up',
    'heartbeats over that link are lost; all is served, and the other link is what is left',
    'as the line says: cable, transceiver, port of the switch (ethtool NAME, ethtool -S NAME). It is over a minute after the last losses',
  ),
  'link-flaps': ofRedundancy(
    'warning',
    'interface',
    'as interface-flaps, of an interface by which heartbeats alone go, while another heartbeat link is up',
    'each time no heartbeats go over that link for a moment; all is served, and the other link is what is left',
    'exchange its cable, its transceiver and its port of the switch, one after the other; journalctl -k -g NAME has the times',
  ),
  'interface-slow': kind(
    'warning',
    'interface',
    'interface NAME of NODE runs at NUMBER Mbit/s and half duplex; or: runs at NUMBER Mbit/s, and ran at NUMBER Mbit/s before',
    'it carries less than before, and with half duplex loses frames as soon as both ends send',
    'look at its cable, and at what both ends negotiate: ethtool NAME, and the port of the switch; where it is meant to be slower it is over after twelve hours, or with systemctl restart lvsm-agent',
  ),
  'bond-degraded': ofRedundancy(
    'warning',
    'interface',
    'bond NAME of NODE has lost INTERFACE: all goes by INTERFACE',
    'with one interface left, the next fault of a cable or a switch cuts this node off there; critical where none is left',
    'look at its cable and its port of the switch; cat /proc/net/bonding/NAME; journalctl -k -g NAME',
  ),
  'memory-killed': kind(
    'warning',
    'node',
    'the kernel of NODE killed NUMBER processes for want of memory within the last 15 minutes: of UNIT',
    'what they served is gone until somebody starts it again, and the next one may be any other',
    'journalctl -k -g "Killed process" names them; free -m and systemd-cgtop -m show who has the memory; a higher limit of that unit (MemoryMax=), or more memory. It is over 15 minutes after the last one',
  ),
  'memory-pressure': kind(
    'warning',
    'node',
    'NODE has hardly any memory left, and stands still for want of it: PERCENT % of the last ten seconds all that had work waited for memory',
    'checks, answers and what the agent does come late, and the kernel may kill somebody',
    'free -m, vmstat 1 (si, so), and systemd-cgtop -m show who has the memory; end or limit that (MemoryMax=)',
  ),
  'vitals-unread': kind(
    'warning',
    'node',
    'NODE cannot read how its interfaces and its memory are: its kernel has not answered for 30 s or longer',
    'whatever goes wrong with its interfaces, its bonds, its memory and tables of its kernel is not told until it answers',
    'journalctl -k -g "blocked for more than|reset" names a driver that hangs; ethtool NAME of each interface shows which',
  ),
  'clock-apart': kind(
    'warning',
    'node',
    'the wall clock of NODE is SECONDS ahead of, or behind, those of the other nodes that it hears (their median); of two nodes one says of both that they are SECONDS apart',
    'nothing of the cluster is decided by it; times in events, logs and mails do not fit those of the other nodes, and certificates, tokens and logins that are to be checked there may count as over, or as not begun',
    'on NODE: timedatectl, and what should set it (chronyc tracking, or timedatectl timesync-status)',
  ),
  'neighbours-full': ofQuality(
    'critical',
    'node',
    'the neighbour table (FAMILY) of NODE is full, or nearly full',
    'whom the kernel does not know yet is not reached: packets to realservers, routers and other nodes are dropped now and then; nearly full it is a warning',
    'sysctl -w net.ipv4.neigh.default.gc_thresh3=N, as the line says, and in a file of /etc/sysctl.d; ip neigh show nud all says who is there',
  ),
  'conntrack-full': ofQuality(
    'critical',
    'node',
    'the table of connection tracking of NODE is full, or nearly full: NUMBER of NUMBER',
    'new connections are dropped, of clients, checks and people; nearly full it is a warning',
    'sysctl -w net.netfilter.nf_conntrack_max=N, and in a file of /etc/sysctl.d; lvsm doctor says whether IPVS needs it',
  ),
} as const satisfies Record<string, TroubleKind>
