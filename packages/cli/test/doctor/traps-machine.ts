/** Traps of the kernel, the machine, and who else manages it, each on both sides: a machine that has stepped into it, and the nearest one that has not. */
import { destination, director, ipvs, link, plain, realserver, service } from './facts.ts'
import { line, process, chain, type Trap } from './parts.ts'

export const MACHINE_TRAPS: readonly Trap[] = [
  {
    ...{ check: 'offload', what: 'LRO', says: /joins packets by LRO/ },
    trapped: director('dr', { offloads: { eth0: ['rx-gro', 'rx-lro'] } }),
    clean: director('dr', { offloads: { eth0: ['rx-gro'] } }),
  },
  {
    ...{ check: 'offload', what: 'GRO in hardware', severity: 'info', says: /joins packets by itself/ },
    trapped: director('dr', { offloads: { eth0: ['rx-gro', 'rx-gro-hw'] } }),
    clean: director('dr', { offloads: { eth0: ['rx-gro', 'rx-gro-list'] } }),
  },
  {
    ...{
      check: 'neighbour-table',
      what: 'is nearly full',
      severity: 'critical',
      says: /900 entries, and room for 1024/,
    },
    trapped: plain({ counters: { 'neighbours-ipv4': 900 } }),
    clean: plain({ counters: { 'neighbours-ipv4': 700 } }),
    fixes: [
      'net.ipv4.neigh.default.gc_thresh3: 1024 → 4096',
      'net.ipv4.neigh.default.gc_thresh2: 512 → 2048',
      'net.ipv4.neigh.default.gc_thresh1: 128 → 1024',
    ],
  },
  {
    ...{ check: 'read-only', what: 'in a container', says: /mounted read-only/ },
    trapped: plain({ readOnly: true }),
    clean: plain(),
  },
  {
    ...{ check: 'heartbeat-clock', what: 'of Heartbeat', says: /by the wall clock/ },
    trapped: plain({ lines: [line('/etc/ha.d/ha.cf', 'hbgenmethod time')] }),
    clean: plain({ lines: [line('/etc/ha.d/ha.cf', 'hbgenmethod file')] }),
  },
  {
    ...{ check: 'modules', what: 'no IPVS', severity: 'critical', says: /its kernel has no IPVS/ },
    trapped: plain({ given: { as: ['director'] } }),
    clean: plain({ given: { as: ['realserver'] } }),
    fixes: ['module ip_vs: not loaded → loaded'],
  },
  {
    ...{ check: 'modules', what: 'a scheduler that went', says: /lost its scheduler/ },
    trapped: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80')], { scheduler: 'none' })),
    }),
    clean: director(),
  },
  {
    ...{ check: 'network-daemon', what: 'systemd-networkd', severity: 'warning', says: /systemd-networkd runs here/ },
    trapped: realserver({ processes: [process('systemd-network', '/usr/lib/systemd/systemd-networkd')] }),
    clean: realserver({
      processes: [process('systemd-network')],
      lines: [line('/etc/systemd/networkd.conf.d/lvsm.conf', 'ManageForeignRoutes=no')],
    }),
  },
  {
    ...{ check: 'network-daemon', what: 'NetworkManager', says: /NetworkManager runs here/ },
    trapped: realserver({ processes: [process('NetworkManager')] }),
    clean: plain({ processes: [process('NetworkManager')] }),
  },
  {
    ...{ check: 'forward-policy', what: 'of Docker', says: /answers by NAT pass it/ },
    trapped: director('nat', { chains: [chain('filter', 'drop')] }),
    clean: director('nat', { chains: [chain('filter', 'accept'), chain('lvsm-nat', 'drop')] }),
  },
  {
    ...{ check: 'rivals', what: 'keepalived, by process and unit', severity: 'warning', says: /keepalived runs here/ },
    trapped: director('dr', { processes: [process('keepalived', 'keepalived --dont-fork', 'keepalived.service')] }),
    clean: director('dr', { processes: [process('sshd')] }),
  },
  {
    ...{ check: 'rivals', what: 'ldirectord at the next boot', says: /is started at the next boot/ },
    trapped: realserver({ units: ['ldirectord.service'] }),
    clean: realserver({ units: ['ssh.service'] }),
  },
  {
    ...{ check: 'rivals', what: 'kube-proxy, in one mode of several', says: /writes the whole IPVS table/ },
    trapped: director('dr', { processes: [process('kube-proxy', 'kube-proxy --proxy-mode=ipvs')] }),
    clean: director('dr', { processes: [process('kube-proxy', 'kube-proxy --proxy-mode=nftables')] }),
  },
  {
    ...{ check: 'rivals', what: 'pacemaker', says: /VIPs \(IPaddr2\) and ldirectord/ },
    trapped: director('dr', { processes: [process('pacemakerd')] }),
    clean: plain({ processes: [process('pacemakerd')] }),
  },
  {
    ...{ check: 'ipvsadm-restores', what: 'of Debian', says: /restored from a file at boot/ },
    trapped: director('dr', { lines: [line('/etc/default/ipvsadm', 'AUTO="true"')] }),
    clean: director('dr', { lines: [line('/etc/default/ipvsadm', 'AUTO="false"')], units: ['ipvsadm.service'] }),
  },
  {
    ...{ check: 'ipvsadm-restores', what: 'a unit', says: /writes the IPVS table at boot/ },
    trapped: director('dr', { units: ['ipvsadm.service'] }),
    clean: plain({ units: ['ipvsadm.service'] }),
  },
  {
    ...{ check: 'nft-flush', what: 'at boot', severity: 'warning', says: /at boot and at each reload/ },
    trapped: director('dr', { units: ['nftables.service'], lines: [line('/etc/nftables.conf', 'flush ruleset')] }),
    clean: director('dr', { units: ['nftables.service'], lines: [line('/etc/nftables.conf', '# flush ruleset')] }),
  },
  {
    ...{ check: 'nft-flush', what: 'another firewall', severity: 'info', says: /firewalld keeps a firewall here/ },
    trapped: director('dr', { processes: [process('firewalld')] }),
    clean: director(),
  },
  {
    ...{
      check: 'announces-all',
      what: 'a bond',
      severity: 'info',
      says: /announces 10\.11\.0\.50 whenever it fails over/,
    },
    trapped: director('dr', { links: [link('eth0', { kind: 'bond' })] }),
    clean: director('dr', { links: [link('eth0', { kind: 'bond' })], chains: [{ ...chain('lvsm', ''), hook: null }] }),
  },
]
