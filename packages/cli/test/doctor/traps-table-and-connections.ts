/** Traps of the table of IPVS and its connections, each on both sides: a machine that has stepped into it, and the nearest one that has not. */
import { address, destination, director, ipvs, plain, realserver, service } from './facts.ts'
import { chain, vs, line, listener, local, backup, master, type Trap } from './parts.ts'

const zero = (scheduler: string, flags: readonly number[]) =>
  ipvs(
    service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { weight: 0 }), destination('10.12.0.12:80')], {
      scheduler,
      flags,
    }),
  )
const forgottenAfter = (seconds: string) => ({ 'net/netfilter/nf_conntrack_tcp_timeout_established': seconds })
/** One service by NAT, another one by direct routing. */
const MIXED = ipvs(
  service('10.11.0.50:80', [destination('10.12.0.11:80', 'nat')]),
  service('10.11.0.51:80', [destination('10.12.0.12:80')]),
)

export const TABLE_TRAPS: readonly Trap[] = [
  {
    ...{
      check: 'ping-pong',
      what: 'realserver and scheduler of one VIP',
      severity: 'critical',
      says: /a realserver of 10\.11\.0\.50 and schedules it as well/,
    },
    trapped: director('dr', { addresses: [address('eth0', '10.11.0.2/24'), address('lo', '10.11.0.50/32')] }),
    clean: director(),
  },
  {
    ...{ check: 'ping-pong', what: 'backup_only with both daemons', says: /IPVS is switched off on this director/ },
    trapped: director('dr', { ...vs('backup_only', '1'), ipvs: { ...ipvs(), daemons: [backup(7), master] } }),
    clean: director('dr', { ...vs('backup_only', '1'), ipvs: { ...ipvs(), daemons: [backup(7)] } }),
    fixes: ['net.ipv4.vs.backup_only: 1 → 0'],
  },
  {
    ...{
      check: 'listens-on-rip',
      what: 'on a director that serves itself',
      severity: 'critical',
      says: /listens on 10\.11\.0\.2 port 80, and not on 10\.11\.0\.50/,
    },
    trapped: director('dr', { ipvs: local, listeners: [listener('10.11.0.2')] }),
    clean: director('dr', { ipvs: local, listeners: [listener('0.0.0.0')] }),
  },
  {
    ...{
      check: 'listens-on-rip',
      what: 'on a director that serves itself, by a method that the kernel says as it was given',
      says: /listens on 10\.11\.0\.2 port 80, and not on 10\.11\.0\.50/,
    },
    trapped: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.11.0.2:80', 'dr')])),
      listeners: [listener('10.11.0.2')],
    }),
    clean: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr')])),
      listeners: [listener('10.11.0.2')],
    }),
  },
  {
    ...{
      check: 'listens-on-rip',
      what: 'on a realserver of no cluster',
      severity: 'info',
      says: /listens on 10\.11\.0\.11 port 80/,
    },
    trapped: realserver({ listeners: [listener('10.11.0.11')] }),
    clean: realserver({ listeners: [listener('10.11.0.11'), listener('::')] }),
  },
  {
    ...{ check: 'ping-pong', what: 'by mark', severity: 'warning', says: /and schedules fwmark 7/ },
    trapped: director('dr', {
      addresses: [address('eth0', '10.11.0.2/24'), address('lo', '10.11.0.50/32')],
      ipvs: ipvs(service('', [destination('10.12.0.11:80')], { protocol: null, address: '', port: 7 })),
    }),
    clean: director('dr', {
      ipvs: ipvs(service('', [destination('10.12.0.11:80')], { protocol: null, address: '', port: 7 })),
    }),
  },
  {
    ...{ check: 'weight-zero-refused', what: 'without a fallback', says: /leads to 10\.12\.0\.11:80 are refused/ },
    trapped: director('dr', { ipvs: zero('sh', [2]) }),
    clean: director('dr', { ipvs: zero('sh', [1]) }),
  },
  {
    ...{
      check: 'weight-zero-refused',
      what: 'where there is no fallback',
      says: /leads to 10\.12\.0\.11:80 are refused/,
    },
    trapped: director('dr', { ipvs: zero('dh', []) }),
    clean: director('dr', { ipvs: zero('wlc', []) }),
  },
  {
    ...{
      check: 'conntrack',
      what: 'of one half',
      severity: 'warning',
      says: /sees one half of what goes to tcp 10\.11\.0\.51:80/,
    },
    trapped: director('dr', { ...vs('conntrack', '1'), ipvs: MIXED }),
    clean: director('dr', { ...vs('conntrack', '1'), ipvs: MIXED, chains: [chain('lvsm-nat', 'accept', 'untracked')] }),
  },
  {
    ...{ check: 'expire-nodest', what: 'is off', says: /hang until their connections time out/ },
    trapped: director('dr', vs('expire_nodest_conn', '0')),
    clean: director(),
    fixes: ['net.ipv4.vs.expire_nodest_conn: 0 → 1'],
  },
  {
    ...{ check: 'quiescent-template', what: 'keeps clients', says: /still sent there, although its weight is 0/ },
    trapped: director('dr', {
      ipvs: ipvs(
        service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { weight: 0 })], { persistenceSeconds: 300 }),
      ),
    }),
    clean: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { weight: 0 })])),
    }),
  },
  {
    ...{ check: 'conn-reuse', what: 'to who is gone', says: /lead to a realserver that is gone/ },
    trapped: director('dr', vs('conn_reuse_mode', '0')),
    clean: director(),
    fixes: ['net.ipv4.vs.conn_reuse_mode: 0 → 1'],
  },
  {
    ...{ check: 'conn-reuse', what: 'a second late on an old kernel', says: /waits for a second/ },
    trapped: director('dr', { kernel: '5.8.0', ...vs('conntrack', '1') }),
    clean: director('dr', { kernel: '5.10.0', ...vs('conntrack', '1') }),
  },
  {
    ...{ check: 'conntrack', what: 'nearly full', severity: 'critical', says: /nearly full: 900 of 1000/ },
    trapped: director('dr', {
      sysctls: { 'net/netfilter/nf_conntrack_count': '900', 'net/netfilter/nf_conntrack_max': '1000' },
    }),
    clean: director('dr', {
      sysctls: { 'net/netfilter/nf_conntrack_count': '700', 'net/netfilter/nf_conntrack_max': '1000' },
    }),
  },
  {
    ...{ check: 'conntrack', what: 'for nothing', severity: 'info', says: /no service of this machine is by NAT/ },
    trapped: director('dr', vs('conntrack', '1')),
    clean: director('nat', vs('conntrack', '1')),
  },
  {
    ...{ check: 'conntrack', what: 'forgets before IPVS does', says: /after 300 s, and IPVS after 900 s/ },
    trapped: director('nat', { sysctls: { ...vs('conntrack', '1').sysctls, ...forgottenAfter('300') } }),
    clean: director('nat', { sysctls: { ...vs('conntrack', '1').sysctls, ...forgottenAfter('900') } }),
    fixes: ['net.netfilter.nf_conntrack_tcp_timeout_established: 300 → 900'],
  },
  {
    ...{ check: 'run-estimation', what: 'is off', says: /every rate of IPVS on this machine reads 0/ },
    trapped: director('dr', vs('run_estimation', '0')),
    clean: director('dr', vs('run_estimation', '1')),
    fixes: ['net.ipv4.vs.run_estimation: 0 → 1'],
  },
  {
    ...{ check: 'sync-daemons', what: 'of every cluster', says: /takes the connections of every cluster/ },
    trapped: director('dr', { ipvs: { ...ipvs(), daemons: [backup(0)] } }),
    clean: director('dr', { ipvs: { ...ipvs(), daemons: [backup(7)] } }),
  },
  {
    ...{ check: 'sync-daemons', what: 'from the third packet on', says: /fewer than 3 packets/ },
    trapped: director('dr', { ...vs('sync_threshold', '3\t50'), ipvs: { ...ipvs(), daemons: [master] } }),
    clean: director('dr', { ipvs: { ...ipvs(), daemons: [master] } }),
  },
  {
    ...{ check: 'fail-back', what: 'of keepalived', says: /takes an address back at once/ },
    trapped: director('dr', {
      ipvs: { ...ipvs(), daemons: [master] },
      lines: [line('/etc/keepalived/keepalived.conf', 'vrrp_instance web {')],
    }),
    clean: director('dr', {
      ipvs: { ...ipvs(), daemons: [master] },
      lines: [
        line('/etc/keepalived/keepalived.conf', 'vrrp_instance web {'),
        line('/etc/keepalived/keepalived.conf', '  nopreempt', 9),
      ],
    }),
  },
  {
    ...{ check: 'sloppy', what: 'with sh', severity: 'info', says: /refuses its established connections/ },
    trapped: director('dr', { ipvs: ipvs(service('10.11.0.50:80', [], { scheduler: 'sh' })) }),
    clean: director('dr', { ipvs: { ...ipvs(service('10.11.0.50:80', [], { scheduler: 'sh' })), daemons: [master] } }),
  },
  {
    ...{ check: 'udp-sticks', what: 'for five minutes', says: /silent for 300 s/ },
    trapped: director('dr', { ipvs: { ...ipvs(service('10.11.0.50:53', [], { protocol: 'udp' })), udpSeconds: 300 } }),
    clean: director('dr', {
      ipvs: { ...ipvs(service('10.11.0.50:53', [], { protocol: 'udp', onePacket: true })), udpSeconds: 300 },
    }),
  },
  {
    ...{ check: 'ftp', what: 'by NAT', says: /without the module ip_vs_ftp/ },
    trapped: director('nat', { ipvs: ipvs(service('10.11.0.50:21', [destination('10.12.0.11:21', 'nat')])) }),
    clean: director('nat', {
      ipvs: ipvs(service('10.11.0.50:21', [destination('10.12.0.11:21', 'nat')])),
      modules: ['ip_vs', 'ip_vs_ftp'],
    }),
    fixes: ['module ip_vs_ftp: not loaded → loaded'],
  },
  {
    ...{ check: 'ftp', what: 'by DR', says: /without persistence/ },
    trapped: director('dr', { ipvs: ipvs(service('10.11.0.50:21', [destination('10.12.0.11:21')])) }),
    clean: director('dr', {
      ipvs: ipvs(service('10.11.0.50:21', [destination('10.12.0.11:21')], { persistenceSeconds: 60 })),
    }),
  },
  {
    ...{
      check: 'vip-without-service',
      what: 'and the address is up',
      severity: 'critical',
      says: /IPVS has no service for it/,
    },
    trapped: director('dr', { ipvs: ipvs(), given: { as: ['director'], vips: ['10.11.0.50'] } }),
    clean: director('dr', { given: { as: ['director'], vips: ['10.11.0.50'] } }),
  },
  {
    ...{ check: 'empty-pool', what: 'all at weight 0', severity: 'critical', says: /has no destination with a weight/ },
    trapped: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { weight: 0 })])),
    }),
    clean: director(),
  },
  {
    ...{ check: 'new-server-flood', what: 'under wlc', severity: 'info', says: /gets the next 2000 alone/ },
    trapped: director('dr', {
      ipvs: ipvs(
        service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { active: 2000 }), destination('10.12.0.12:80')], {
          scheduler: 'wlc',
        }),
      ),
    }),
    clean: director('dr', {
      ipvs: ipvs(
        service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { active: 2000 }), destination('10.12.0.12:80')]),
      ),
    }),
  },
  {
    ...{ check: 'port-map', what: 'under DR', says: /asked at port 80, and not at 8080/ },
    trapped: director('dr', { ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:8080')])) }),
    clean: director('nat', { ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:8080', 'nat')])) }),
  },
  {
    ...{ check: 'conn-table', what: 'is small', says: /100000 connections in a table of 4096/ },
    trapped: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { inactive: 100_000 })])),
    }),
    clean: director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80', 'dr', { inactive: 10_000 })])),
    }),
  },
  {
    ...{ check: 'drain-cut-off', what: 'by ldirectord', says: /removes a realserver whose check fails/ },
    trapped: plain({ lines: [line('/etc/ha.d/ldirectord.cf', 'quiescent=no')] }),
    clean: plain({ lines: [line('/etc/ha.d/ldirectord.cf', 'quiescent=yes')] }),
  },
]
