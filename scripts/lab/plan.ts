import { type Fields, readFields } from '../fields.ts'
import { clusterServices, configurationOf, setUpCommands, webServices } from './cluster.ts'
import { labDir, OUTSIDE_PRIORITY, placesOf, type Service } from './places.ts'
import { buildCommands, modules, partitionTable } from './network.ts'
import { clusterNodes, type Topology } from './topology.ts'

/** Everything that the program inside the lab is told, as one JSON file. */
export interface Plan {
  readonly topology: Topology
  /** `later`: by the verb `cluster`. */
  readonly cluster: boolean | 'later'
  readonly token: string
  readonly listen: { readonly port: number } | { readonly path: string }
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly services: readonly Service[]
  /** Commands that set the nodes up, before anything is started on them. */
  readonly setUp: readonly (readonly string[])[]
  readonly directories: readonly string[]
}

const PLAN: Fields<Plan> = {
  topology: 'record',
  cluster: 'any',
  token: 'text',
  listen: 'record',
  env: 'record',
  files: 'list',
  services: 'list',
  setUp: 'list',
  directories: 'list',
}
export const readPlan = (text: string): Plan => readFields('the plan of the lab', text, PLAN)

export interface Paths {
  /** The repository. */
  readonly root: string
  /** Directory of this run, readable inside. */
  readonly dir: string
  /** The project's Node. */
  readonly node: string
  readonly busybox: string
  /** The realservers' web server. */
  readonly web: string
  /** Bundles. */
  readonly dist: string
}

export interface LabOptions {
  readonly topology: Topology
  /** `later`: by the verb `cluster`. */
  readonly cluster: boolean | 'later'
  readonly token: string
  readonly secret: string
  readonly listen: Plan['listen']
}

/** An observer lives for seconds: compilers and collections would interrupt it, and what it watches. */
const STEADY = '--no-opt --no-maglev --min-semi-space-size=64 --max-semi-space-size=64'

/** `lvsm` and `observe` and `lab` as commands inside. */
function commands(paths: Paths, sockets: string): { path: string; text: string }[] {
  const { node, dist } = paths
  const lvsm = [
    '#!/bin/sh',
    '# The agent of the present namespace, else the first of all agents that answers.',
    `if [ -z "$LVSM_SOCKET" ]; then`,
    '  here=$(ip netns identify $$ 2>/dev/null)',
    `  if [ -S "/run/lvsm/$here/agent.sock" ]; then LVSM_SOCKET=/run/lvsm/$here/agent.sock; else LVSM_SOCKET=${sockets}; fi`,
    '  export LVSM_SOCKET',
    'fi',
    `exec "${node}" "${dist}/lvsm.mjs" "$@"`,
  ]
  const lab = [
    `#!${paths.busybox} sh`,
    '# Asks the program that keeps the lab; no Node here and nothing dynamic, so that a verb costs milliseconds.',
    `answer=${labDir}/answers/$$`,
    'mkfifo "$answer" || exit 70',
    `line=$answer; for word; do line="$line\u001f$word"; done`,
    `printf '%s\\n' "$line" > ${labDir}/ask`,
    'exec 3< "$answer"; read -r status <&3; to=1; [ "$status" = 0 ] || to=2',
    `while IFS= read -r line <&3; do printf '%s\\n' "$line" >&$to; done`,
    'exit "$status"',
  ]
  return [
    { path: `${labDir}/bin/lvsm`, text: `${lvsm.join('\n')}\n` },
    { path: `${labDir}/bin/lab`, text: `${lab.join('\n')}\n` },
    {
      path: `${labDir}/bin/observe`,
      text: `#!/bin/sh\nexec nice -n -15 "${node}" ${STEADY} "${dist}/observe.mjs" "$@"\n`,
    },
  ]
}

export function planOf(options: LabOptions, paths: Paths): Plan {
  const { topology, cluster } = options
  const nodes = clusterNodes(topology)
  const sockets = nodes.map(({ name }) => `${placesOf(name).run}/agent.sock`).join(':')
  const nodeDir = paths.node.slice(0, paths.node.lastIndexOf('/'))
  const places = topology.nodes.map(({ name }) => placesOf(name))
  return {
    topology,
    cluster,
    token: options.token,
    listen: options.listen,
    env: {
      PATH: `${labDir}/bin:${nodeDir}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: '/root',
      LANG: 'C.UTF-8',
      TERM: 'xterm',
      NODE_COMPILE_CACHE: `${labDir}/compiled`,
      LAB_VIP: topology.vip,
      LAB_PORT: String(topology.port),
      LAB_TOPOLOGY: topology.name,
      LAB_NODES: nodes.map(({ name }) => name).join(' '),
      LAB_DIR: `${labDir}/scratch`,
      LAB_PLAN: `${paths.dir}/plan.json`,
      LAB_SOCKETS: sockets,
    },
    files: [
      ...commands(paths, sockets),
      ...webServices(topology, paths.web).map(({ node }) => ({
        path: `${labDir}/www/${node}/index.html`,
        text: `${node}\n`,
      })),
      ...(cluster
        ? nodes.map(({ name }) => ({
            path: placesOf(name).config,
            text: configurationOf(topology, options.secret),
          }))
        : []),
    ],
    services: [
      ...webServices(topology, paths.web),
      ...(cluster ? clusterServices(topology, paths.node, paths.dist) : []),
    ],
    setUp: cluster ? setUpCommands(topology, paths.node, paths.dist) : [],
    directories: [
      `${labDir}/scratch`,
      `${labDir}/answers`,
      ...places.flatMap(({ run, state, log }) => [run, state, log]),
    ],
  }
}

/** The program that keeps the lab starts first: it takes seconds, beside which the rest is done. */
const keeper = (paths: Paths): string[] => [
  `nice -n -10 "${paths.node}" "${paths.dist}/lab-guest.mjs" "${paths.dir}/plan.json" &`,
  'keeper=$!',
]

const network = (paths: Paths, clean: string): string[] => [
  `( sh "${paths.dir}/network.sh" && : > ${labDir}/network.done || : > ${labDir}/network.failed ) &`,
  'while kill -0 $keeper 2>/dev/null; do wait $keeper; done',
  clean,
]

/** Bridges, namespaces, cables and the table of cut pairs. */
export const networkScript = (topology: Topology): string =>
  [...buildCommands(topology), "nft -f - <<'.'", partitionTable, '.', ''].join('\n')

/** First process after the root file system stands, in the guest. */
export function guestScript(paths: Paths, kernel: { readonly modules: string; readonly release: string }): string {
  return [
    '#!/bin/sh',
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root',
    'mount -t devpts devpts /dev/pts -o ptmxmode=666 2>/dev/null || { mkdir -p /dev/pts; mount -t devpts devpts /dev/pts; }',
    'mount -t tmpfs tmpfs /run; mkdir -p /dev/shm; mount -t tmpfs tmpfs /dev/shm',
    `mkdir -p /run/netns ${labDir} /lib/modules; ln -sfn "${kernel.modules}" /lib/modules/${kernel.release}`,
    ...keeper(paths),
    'hostname lab; ip link set lo up',
    'control=$(ls /sys/class/net | grep -v "^lo$" | head -n 1)',
    'ip link set "$control" name control; ip addr add 10.0.2.15/24 dev control; ip link set control up',
    `modprobe -a ${modules.join(' ')} || echo 'lab: modules are missing'`,
    // Packets of all nodes pass through these two threads; behind ordinary processes every node would wait for any other.
    `for task in /proc/[0-9]*; do read -r name < $task/comm; case $name in ksoftirqd/*) chrt -r -p ${OUTSIDE_PRIORITY} \${task#/proc/};; esac; done`,
    'sysctl -qw kernel.printk=3 kernel.core_pattern=/run/lab/core.%e.%p fs.inotify.max_user_instances=1024',
    ...network(paths, 'sync; poweroff -f'),
    '',
  ].join('\n')
}

/** The same on a host whose kernel has IPVS: everything private to a set of namespaces that dies with its first process. */
export function hostScript(paths: Paths): string {
  return [
    '#!/bin/sh',
    'set -e',
    'mount --make-rprivate /',
    `mkdir "${paths.dir}/private"; mount -t tmpfs tmpfs "${paths.dir}/private"`,
    ...['etc', 'var'].flatMap((dir) => [
      `mkdir -p ${paths.dir}/private/${dir}/up ${paths.dir}/private/${dir}/work`,
      `mount -t overlay overlay -o lowerdir=/${dir},upperdir=${paths.dir}/private/${dir}/up,workdir=${paths.dir}/private/${dir}/work /${dir}`,
    ]),
    'for dir in /etc/lvsm /var/lib/lvsm /var/log/lvsm /run; do mkdir -p $dir; mount -t tmpfs tmpfs $dir; done',
    'mkdir -p /run/netns',
    `mkdir -p ${labDir}; ip link set lo up`,
    'set +e',
    ...keeper(paths),
    ...network(paths, 'exit 0'),
    '',
  ].join('\n')
}
