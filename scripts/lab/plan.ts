import { type Fields, readFields } from '../fields.ts'
import { clusterServices, configurationOf, setUpCommands, webServices } from './cluster.ts'
import { commands } from './commands.ts'
import { coordinatedServices, firstDocument } from './coordinated.ts'
import { labDir, OUTSIDE_PRIORITY, placesOf, type Service } from './places.ts'
import { buildCommands, modules, partitionTable } from './network.ts'
import { clusterNodes, type Topology } from './topology.ts'

/** `later`: by the verb `cluster`; `coordinated`: with coordinators in place of files. */
export type Clustered = boolean | 'later' | 'coordinated'

/** Everything that the program inside the lab is told, as one JSON file. */
export interface Plan {
  readonly topology: Topology
  readonly cluster: Clustered
  readonly token: string
  readonly listen: { readonly port: number } | { readonly path: string }
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly services: readonly Service[]
  /** Of a cluster with coordinators: its processes, each from when its node is in, and the document that the lab wants of it. */
  readonly coordinated: { readonly services: readonly Service[]; readonly document: string }
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
  coordinated: 'record',
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
  readonly cluster: Clustered
  readonly token: string
  readonly secret: string
  /** Of what scenarios do by chance. */
  readonly seed: string
  /** How many times slower than its topology says the cluster lives. */
  readonly pace: number
  readonly listen: Plan['listen']
}

export function planOf(options: LabOptions, paths: Paths): Plan {
  const { topology, cluster } = options
  const nodes = clusterNodes(topology)
  const filed = cluster === true || cluster === 'later'
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
      LAB_SEED: options.seed,
      LAB_PACE: String(options.pace),
    },
    files: [
      ...commands(topology, paths, sockets),
      ...webServices(topology, paths.web).map(({ node }) => ({
        path: `${labDir}/www/${node}/index.html`,
        text: `${node}\n`,
      })),
      ...(filed
        ? nodes.map(({ name }) => ({
            path: placesOf(name).config,
            text: configurationOf(topology, options.secret),
          }))
        : []),
    ],
    services: [
      ...webServices(topology, paths.web),
      ...(filed ? clusterServices(topology, paths.node, paths.dist) : []),
    ],
    coordinated: {
      services: coordinatedServices(topology, paths.node, paths.dist),
      document: firstDocument(topology),
    },
    setUp: filed ? setUpCommands(topology, paths.node, paths.dist) : [],
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
