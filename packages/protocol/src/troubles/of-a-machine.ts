/** Kinds of trouble of the machine below a node: its interfaces. */
import { kind, ofRedundancy, ofServing, type TroubleKind } from './kind.ts'

export const MACHINE = {
  'interface-errors': ofServing(
    'critical',
    'interface',
    'interface NAME of NODE receives damaged frames: up to PERCENT % of all frames; or has no room for what comes, cannot send what it should, drops what it should send',
    'requests and answers that go by it wait for their retransmission, heartbeats and checks are lost; a warning below 1 %',
    'as the line says: cable, transceiver, port of the switch (ethtool NAME, ethtool -S NAME); a larger ring where there was no room. It is over a minute after the last losses',
  ),
  'interface-flaps': ofServing(
    'critical',
    'interface',
    'interface NAME of NODE loses its carrier again and again: NUMBER times within five minutes',
    'each time all that goes by it stops for a moment, and groups may move',
    'exchange its cable, its transceiver and its port of the switch, one after the other; journalctl -k -g NAME has the times. It is over when it was quiet for a minute',
  ),
  'interface-slow': kind(
    'warning',
    'interface',
    'interface NAME of NODE runs at NUMBER Mbit/s and half duplex; or: runs at NUMBER Mbit/s, and ran at NUMBER Mbit/s before',
    'it carries less than before, and with half duplex loses frames as soon as both ends send',
    'look at its cable, and at what both ends negotiate: ethtool NAME, and the port of the switch; where it is meant to be slower: systemctl restart lvsm-agent',
  ),
  'bond-degraded': ofRedundancy(
    'warning',
    'interface',
    'bond NAME of NODE has lost INTERFACE: all goes by INTERFACE',
    'with one interface left, the next fault of a cable or a switch cuts this node off there; critical where none is left',
    'look at its cable and its port of the switch; cat /proc/net/bonding/NAME; journalctl -k -g NAME',
  ),
} as const satisfies Record<string, TroubleKind>
