/** Kinds of trouble of what single forwarding methods and services need of a node's kernel. */
import { kind, ofServing, type TroubleKind } from './kind.ts'

export const FORWARDED = {
  'foreign-tunnel': ofServing(
    'critical',
    'device',
    "device NAME is somebody else's, and takes what the director at ADDRESS wraps for VIPs",
    'requests that are tunnelled to this realserver go nowhere, although its checks are well',
    'ip -d link show NAME tells what it is; find who made it, and ip link del NAME',
  ),
  'foreign-device': ofServing(
    'critical',
    'device',
    "device lvsm-vips is somebody else's, so VIPS cannot stand on it",
    'this realserver does not take packets for these VIPs, although it is healthy: requests handed to it go nowhere',
    'ip -d link show lvsm-vips tells what it is; find who made it, and ip link del lvsm-vips; or another placement in the configuration',
  ),
  'device-kept': kind(
    'warning',
    'device',
    'device lvsm-vips is not needed any more, and stays because somebody put ADDRESS on it',
    'nothing is wrong with any service',
    'ip address del ADDRESS dev lvsm-vips: then the device goes by itself',
  ),
  'vip-answers': ofServing(
    'critical',
    'address',
    'VIP ADDRESS stands on NAME too, where others ask for it: no setting keeps this realserver from answering there',
    'clients and routers of that network send to this realserver in place of the owner, often only when their ARP cache expires',
    'ip address del ADDRESS dev NAME, and where it is set at boot; the VIP stands where the configuration says all the same',
  ),
  'listens-elsewhere': ofServing(
    'critical',
    'service',
    'nobody listens on NODE at VIP:PORT (PROTOCOL), where clients of service SERVICE arrive: the server there listens at ADDRESS:PORT alone',
    'clients that are sent to this realserver are refused, although a check of its own address is well',
    'let the server listen at VIP:PORT too, or at all addresses, and restart it; ss -ltnp (UDP: ss -lunp) shows who listens where',
  ),
  'loopback-down': ofServing(
    'critical',
    'interface',
    'interface lo is down, and VIPS on it with it',
    'this realserver does not take packets for these VIPs, although its checks may be well: requests handed to it go nowhere',
    'ip link set lo up, and find who took it down: much else of that machine needs it',
  ),
  'tunnel-too-narrow': ofServing(
    'critical',
    'interface',
    'interface NAME carries N bytes, and a tunnel over IPv6 to REALSERVERS needs M: the kernel drops all that it wraps',
    'requests that are tunnelled to these realservers go nowhere, although their checks are well',
    'ip link set NAME mtu M or more on every link between directors and these realservers; or use forward: dr or nat',
  ),
  'tunnel-source': ofServing(
    'critical',
    'address',
    'what this node wraps for REALSERVERS leaves with ADDRESS as its outer source, and they take the addresses of its links alone',
    'requests that are tunnelled to these realservers go nowhere, although their checks are well',
    "give the route a link's address as source (ip route change … src ADDRESS), or make ADDRESS the address of a link",
  ),
  'foreign-answer-route': kind(
    'critical',
    'node',
    'table NUMBER, by which answers to clients leave, has a route to NETWORK that is not ours',
    'answers of this realserver by NAT may not come back through the director: requests to it hang',
    'find who made it (ip route show table NUMBER), and: ip route del ROUTE table NUMBER',
  ),
  'no-helper': ofServing(
    'critical',
    'service',
    'the module ip_vs_ftp is not loaded, or reads another port than SERVICE has: clients log in, and get no data',
    'each listing and each file of FTP hangs, although the log-in works',
    'modprobe ip_vs_ftp, with ports=21,PORT where a service has another; and for each boot a line in /etc/modules-load.d',
  ),
  'no-source': ofServing(
    'critical',
    'node',
    "none of this node's own addresses is on it, so that nothing can be handed to REALSERVERS by full NAT",
    'these realservers see clients, and answer past this director: requests hang',
    'give the node the address that its link has in the configuration, or correct that',
  ),
  'no-conntrack': ofServing(
    'critical',
    'node',
    'the IPVS of this kernel knows no connection tracking: full NAT does nothing',
    'realservers by full NAT see clients, and answer past this director: requests hang',
    'boot a kernel with CONFIG_IP_VS_NFCT, or use forward: nat',
  ),
} as const satisfies Readonly<Record<string, TroubleKind>>
