/** Kinds of trouble of the packets between clients and realservers. */
import { type TroubleKind, kind, ofQuality, ofServing } from './kind.ts'

export const TRAFFIC = {
  'path-dead': kind(
    'critical',
    'service',
    'no new connection of service SERVICE at REALSERVER gets further than its first packet, though others do',
    'clients that are sent there get nothing, though its check is well: what the check shows is not the way of the clients',
    'follow the way of the packets as the line says; until it is mended, with coordinators: lvsm drain REALSERVER; else weight: 0 in the file',
  ),
  'no-opening': kind(
    'critical',
    'service',
    'no new connection of service SERVICE gets further than its first packet, at any of its realservers',
    'no new client that was seen is served: a packet filter, a route that all of them share, or a flood of first packets (SYN)',
    'look for what they have in common, as the line says',
  ),
  'fixed-neighbour': ofQuality(
    'critical',
    'interface',
    'what NODE sends to OTHER (ADDRESS) goes to MAC on INTERFACE by a permanent neighbour entry, and is not answered',
    'the kernel asks nobody where that address is, and corrects nothing: checks, heartbeats and requests that go there are lost, where the entry is wrong',
    'on NODE: ip neigh del ADDRESS dev INTERFACE, and take it from whatever makes it; where another director is ready and reaches it, until then: lvsm switchover GROUP DIRECTOR',
  ),
  'drop-rule': ofServing(
    'critical',
    'chain',
    'a rule (or the policy) of chain CHAIN of NODE drops, refuses or sends elsewhere what clients of SERVICE send (or what comes for its own servers, heartbeats of a link, …): all that is to ADDRESS tcp port PORT (and, of what is sent elsewhere: goes to ADDRESS port PORT)',
    'what is dropped is not answered, what is refused is told that nobody is there, what is sent elsewhere (as for a published port of a container) is answered by whatever is there: clients of the service get nothing where this node owns its group, and its servers fail their checks where it is their realserver; a warning where the node would need it after a takeover alone. Of rules that name an address or a port of the cluster, and nothing else that they ask for; and of what drops all the rest, where nothing before it may let in what is needed',
    'on NODE: nft delete rule CHAIN handle NUMBER, and take it from whatever makes it; where another director is ready, until then: lvsm switchover GROUP DIRECTOR',
  ),
  'qdisc-harm': ofQuality(
    'critical',
    'interface',
    'interface NAME of NODE holds back for TIME, or loses a SHARE of, what leaves by it: a queueing discipline netem stands there',
    'heartbeats, checks, requests and answers that leave there are late or lost: nodes are taken for dead, servers for failed; a warning where it only delays, which may be meant (a laboratory, an emulated network), below a loss of 1 %, and where it stands below a class or band, through which perhaps nothing of the cluster goes',
    'on NODE: tc qdisc del dev NAME root (or what the line says), and take it from whatever makes it; tc -s qdisc show dev NAME shows what it did',
  ),
  'service-quiet': kind(
    'info',
    'service',
    'no client of service SERVICE has sent anything to NODE for TIME, and before that they did all the time',
    'either nobody wants anything, or something keeps clients out before IPVS: a packet filter here or on the way, a router that sends what is for the VIP elsewhere. Of the owner of its group, while packets came in each ten seconds of five minutes, and then none for half a minute; told for half an hour',
    'where that is not meant: lvsm doctor on that node; on the router: ip neigh show VIP (is it the MAC of the owner?); ask from a client',
  ),
  'paths-unread': kind(
    'warning',
    'node',
    'connections cannot be read',
    'whether they get further than their first packet is not known: a path that is dead behind a living port goes unnoticed',
    'it is tried again by itself; lvsm connections shows what can be read, journalctl -u lvsm-agent what went wrong',
  ),
} as const satisfies Record<string, TroubleKind>
