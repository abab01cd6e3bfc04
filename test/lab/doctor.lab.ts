// lab: long=yes
/**
 * `lvsm doctor` where the kernel has a table of IPVS: a director by hand, in no cluster. Nothing is said of it as it should be; each trap that
 * is set is named, with what was seen; what is safe to change `--fix` changes, and then nothing is said again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { type DoctorReport, doctorReport } from '@lvsm/protocol'
import { attempt, demand, figure, on, sh, until } from './harness.ts'
import { scenario } from './scenario.ts'

const NODE = 'byhand'
const VIP = '10.21.0.50'
const DIP = '10.21.0.2'
const WEB = `${VIP}:80`
const REAL = '10.22.0.11'
/** As a director by NAT and DR is set up well. */
const SETTINGS = [
  'net.ipv4.ip_forward=1',
  ...['all', 'default', 'outer', 'inner', 'outer-peer', 'inner-peer'].map(
    (name) => `net.ipv4.conf.${name}.send_redirects=0`,
  ),
  'net.ipv4.vs.expire_nodest_conn=1',
  'net.ipv4.vs.conn_reuse_mode=1',
  'net.ipv4.vs.conntrack=0',
  'net.ipv4.vs.sloppy_tcp=0',
  'net.ipv4.vs.backup_only=0',
]
const here = (line: string): Promise<string> => on(NODE, line)

async function built(): Promise<void> {
  await attempt(`ip netns del ${NODE}`)
  await sh(`ip netns add ${NODE} && ip -n ${NODE} link set lo up`)
  for (const [name, address] of [
    ['outer', `${DIP}/24`],
    ['inner', '10.22.0.2/24'],
  ] as const) {
    await sh(`ip -n ${NODE} link add ${name} type veth peer name ${name}-peer`)
    await here(`ip link set ${name} up; ip link set ${name}-peer up; ip address add ${address} dev ${name}`)
  }
  await here(`ip address add ${VIP}/32 dev outer`)
  await clean()
}
/** Whatever a trap left. */
async function clean(): Promise<void> {
  for (const state of ['master', 'backup']) await attempt(`ip netns exec ${NODE} ipvsadm --stop-daemon ${state}`)
  await here(`ipvsadm -C; ipvsadm -A -t ${WEB} -s wrr; ipvsadm -a -t ${WEB} -r ${REAL}:80 -m -w 1`)
  await here(`sysctl -qw ${SETTINGS.join(' ')}`)
  await attempt(`ip netns exec ${NODE} ip address del ${VIP}/32 dev lo`)
  await attempt(`ip netns exec ${NODE} ip address del 10.21.0.51/32 dev outer`)
  await here(`ip address replace ${VIP}/32 dev outer`)
}

async function doctor(...words: string[]): Promise<DoctorReport> {
  const { code, out, err } = await attempt(`ip netns exec ${NODE} lvsm doctor --alone -o json ${words.join(' ')}`)
  demand(out.startsWith('{'), `doctor says ${code}: ${out} ${err}`)
  return doctorReport.parse(JSON.parse(out))
}
/** Of files and units of the machine whose file system the guest has; they have traps of their own, which no table shows. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['rivals', 'nft-flush', 'ipvsadm-restores', 'network-daemon'])
const named = ({ findings }: DoctorReport): string[] =>
  findings.flatMap(({ check, object }) => (OF_THE_MACHINE.has(check) ? [] : [`${check} of ${object}`]))
const ofCheck = ({ findings }: DoctorReport, check: string) => findings.filter((one) => one.check === check)

let listener: ChildProcess | undefined
async function listening(address: string): Promise<void> {
  const script = `require('node:net').createServer().listen(80, '${address}', () => console.log('ready'))`
  const child = spawn('ip', ['netns', 'exec', NODE, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  listener = child
  await new Promise((resolve) => child.stdout.once('data', resolve))
}

interface Planted {
  readonly check: string
  readonly what: string
  /** Lines of a shell. */
  readonly plant: string
  readonly begin?: () => Promise<void>
  readonly evidence: RegExp
  /** What `--fix` says that it changed; not there: nothing is safe to change. */
  readonly fixed?: RegExp
  /** More options of the command. */
  readonly words?: string
}
const only = (service: string): string => `ipvsadm -C; ${service}`
const TRAPS: readonly Planted[] = [
  {
    ...{ check: 'ping-pong', what: 'realserver and scheduler of one VIP' },
    plant: `ip address del ${VIP}/32 dev outer; ip address add ${VIP}/32 dev lo; ipvsadm -a -t ${WEB} -r 10.21.0.3 -g`,
    evidence: /ipvsadm -Ln: tcp 10\.21\.0\.50:80/,
  },
  {
    ...{ check: 'ping-pong', what: 'backup_only beside both daemons' },
    plant:
      'ipvsadm --start-daemon master --mcast-interface outer --syncid 7; ipvsadm --start-daemon backup --mcast-interface outer --syncid 7; sysctl -qw net.ipv4.vs.backup_only=1',
    evidence: /master and backup/,
    fixed: /backup_only/,
  },
  {
    ...{ check: 'listens-on-rip', what: 'a director that serves itself at its own address alone' },
    plant: `ipvsadm -a -t ${WEB} -r ${DIP} -g`,
    begin: () => listening(DIP),
    evidence: /tcp 10\.21\.0\.2:80/,
  },
  {
    ...{ check: 'expire-nodest', what: 'clients of who is gone' },
    plant: 'sysctl -qw net.ipv4.vs.expire_nodest_conn=0',
    evidence: /expire_nodest_conn/,
    fixed: /expire_nodest_conn/,
  },
  {
    ...{ check: 'quiescent-template', what: 'a drain that persistence holds up' },
    plant: `ipvsadm -E -t ${WEB} -s wrr -p 300; ipvsadm -a -t ${WEB} -r 10.22.0.12:80 -m -w 0`,
    evidence: /persistent 300/,
  },
  {
    ...{ check: 'conn-reuse', what: 'a client port that comes again' },
    plant: 'sysctl -qw net.ipv4.vs.conn_reuse_mode=0',
    evidence: /conn_reuse_mode/,
    fixed: /conn_reuse_mode/,
  },
  {
    ...{ check: 'conntrack', what: 'tracked for nobody' },
    plant: only(
      `ipvsadm -A -t ${WEB} -s wrr; ipvsadm -a -t ${WEB} -r 10.21.0.3 -g; sysctl -qw net.ipv4.vs.conntrack=1`,
    ),
    evidence: /vs\.conntrack|vs\/conntrack/,
  },
  {
    ...{ check: 'sync-daemons', what: 'connections of every cluster' },
    plant: 'ipvsadm --start-daemon backup --mcast-interface outer --syncid 0',
    evidence: /sync id 0/,
  },
  {
    ...{ check: 'sync-daemons', what: 'short connections untold' },
    plant:
      'sysctl -qw net.ipv4.vs.sync_threshold="3 50"; ipvsadm --start-daemon master --mcast-interface outer --syncid 7',
    evidence: /sync_threshold/,
  },
  {
    ...{ check: 'sloppy', what: 'a hash that every director knows, and refuses' },
    plant: only(`ipvsadm -A -t ${WEB} -s sh; ipvsadm -a -t ${WEB} -r ${REAL}:80 -m`),
    evidence: /sloppy_tcp/,
  },
  {
    ...{ check: 'udp-sticks', what: 'five minutes of UDP' },
    plant: `ipvsadm --set 0 0 300; ipvsadm -A -u ${VIP}:53 -s rr; ipvsadm -a -u ${VIP}:53 -r ${REAL}:53 -m`,
    evidence: /udp 300/,
  },
  {
    ...{ check: 'ftp', what: 'data connections of their own' },
    plant: `ipvsadm -A -t ${VIP}:21 -s rr; ipvsadm -a -t ${VIP}:21 -r 10.21.0.3 -g`,
    evidence: /not persistent/,
  },
  {
    ...{ check: 'redirects', what: 'a way around the director' },
    plant: 'sysctl -qw net.ipv4.conf.inner.send_redirects=1',
    evidence: /send_redirects/,
    fixed: /send_redirects/,
  },
  {
    ...{ check: 'ip-forward', what: 'NAT that forwards nothing' },
    plant: 'sysctl -qw net.ipv4.ip_forward=0',
    evidence: /ip_forward/,
    fixed: /ip_forward/,
  },
  {
    ...{ check: 'vip-without-service', what: 'a VIP that nothing is behind' },
    plant: 'ip address add 10.21.0.51/32 dev outer',
    evidence: /10\.21\.0\.51/,
    words: '--vip 10.21.0.51',
  },
  {
    ...{ check: 'empty-pool', what: 'nobody with a weight' },
    plant: `ipvsadm -e -t ${WEB} -r ${REAL}:80 -m -w 0`,
    evidence: /weight 0/,
  },
]

async function nothingSaid(when: string): Promise<void> {
  const report = await doctor()
  demand(report.part.director, 'it is taken for a director, by its table')
  const wrong = named(report)
  demand(wrong.length === 0, `${when} nothing is to be said, and it says ${wrong.join('; ')}`)
}

scenario('a director by hand, as it should be: nothing is said of it', async () => {
  await built()
  await nothingSaid('of a clean one')
})

for (const { check, what, plant, begin, evidence, fixed, words = '' } of TRAPS)
  scenario(
    `${check}, ${what}: it is named${fixed ? ', and --fix mends it' : ', and --fix changes nothing of it'}`,
    async () => {
      await clean()
      try {
        await here(plant)
        await begin?.()
        const seen = await until(
          async () => {
            const report = await doctor(words)
            return ofCheck(report, check).length > 0 && report
          },
          10_000,
          `${check} is named`,
        )
        figure('named', named(seen).join('; '))
        demand(
          evidence.test(
            ofCheck(seen, check)
              .flatMap((one) => one.evidence)
              .join('\n'),
          ),
          JSON.stringify(seen.findings),
        )
        const after = await doctor(words, '--only', check, '--fix')
        demand(
          after.fixed.every(({ failed }) => failed === null),
          `not changed: ${JSON.stringify(after.fixed)}`,
        )
        const changed = after.fixed.map((one) => one.what).join('; ')
        demand(fixed ? fixed.test(changed) : changed === '', `--fix changed ${changed}`)
        demand(
          ofCheck(after, check).length === (fixed ? 0 : ofCheck(seen, check).length),
          JSON.stringify(after.findings),
        )
      } finally {
        listener?.kill('SIGKILL')
        listener = undefined
      }
    },
  )

scenario('with every trap taken away nothing is said again', async () => {
  await clean()
  await here('ipvsadm --set 0 0 30')
  try {
    await nothingSaid('again')
  } finally {
    await sh(`ip netns del ${NODE}`)
  }
})
