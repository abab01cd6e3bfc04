/** Where the lab keeps its own things inside. */
export const labDir = '/run/lab'

/**
 * SCHED_RR, above every lease process: the client, the web servers and the wires between the nodes stand for machines of
 * their own, whose processors no director keeps busy.
 */
export const OUTSIDE_PRIORITY = 20

/** Directories and files of one lab node. */
export const placesOf = (node: string) => ({
  run: `/run/lvsm/${node}`,
  state: `/var/lib/lvsm/${node}`,
  log: `/var/log/lvsm/${node}`,
  config: `/etc/lvsm/${node}.yaml`,
  /** Of its coordinator: where the lab's clusters have some. */
  coordinatorRun: `/run/lvsm-coordinator/${node}`,
  coordinatorState: `/var/lib/lvsm-coordinator/${node}`,
  /** What the node's processes find as /etc/lvsm (`ip netns exec`, man 8 ip-netns), where coordinators have the configuration. */
  etc: `/etc/netns/${node}/lvsm`,
})

/** A process of a node that the lab keeps. */
export interface Service {
  readonly node: string
  /** `lease`, `agent`, `coordinator`, `web`, or a peer's name. */
  readonly name: string
  readonly argv: readonly string[]
  /** Not started where this file is not there, as a unit with ConditionPathExists. */
  readonly needs?: string
  readonly env?: Readonly<Record<string, string>>
  readonly log: string
}

/** The same command with its bundle out of a folder beside it. */
export const argvFrom = (argv: readonly string[], folder: string): readonly string[] =>
  folder === '.' ? argv : argv.map((word) => word.replace(/[^/]+\.mjs$/, (name) => `${folder}/${name}`))
