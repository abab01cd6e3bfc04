/** The lab's verbs: one table for the command line, its help, the README and the program inside (`guest/verbs.ts`). */
interface VerbRow {
  readonly name: string
  /** What follows the name. */
  readonly words: string
  readonly about: string
}

export const VERBS = [
  { name: 'power-cut', words: 'NODE', about: 'all links of the node go down; its processes go on' },
  { name: 'power-on', words: 'NODE', about: 'links up again' },
  { name: 'unplug', words: 'NODE NETWORK', about: 'one cable out: the interface there loses its carrier' },
  { name: 'plug', words: 'NODE NETWORK', about: 'in again' },
  {
    name: 'partition',
    words: 'A B [NETWORK]',
    about: 'the bridge drops what A and B send each other; NODE, NODE,NODE or others',
  },
  { name: 'oneway', words: 'A B [NETWORK]', about: "A's frames do not reach B; B's reach A" },
  { name: 'rejoin', words: '', about: 'no pair is cut any more' },
  {
    name: 'loss',
    words: 'PERCENT [NODES]',
    about: "frames lost, each way, on the nodes' links (all cluster nodes without NODES)",
  },
  { name: 'delay', words: 'MS [NODES]', about: 'frames late, each way' },
  {
    name: 'freeze',
    words: 'NODE [PROCESS]',
    about: 'SIGSTOP; PROCESS is lease, agent, coordinator, service (the web server) or all (all but it, the default)',
  },
  { name: 'thaw', words: 'NODE [PROCESS]', about: 'SIGCONT' },
  { name: 'kill', words: 'NODE [PROCESS]', about: 'SIGKILL; stays dead until start' },
  { name: 'crash', words: 'NODE [PROCESS]', about: 'SIGKILL; the supervisor starts it again' },
  { name: 'stop', words: 'NODE [PROCESS]', about: 'SIGTERM, waits for the end; stays down until start' },
  { name: 'start', words: 'NODE [PROCESS]', about: 'starts what was killed or stopped' },
  {
    name: 'bundles',
    words: 'NODE [FOLDER]',
    about: "from their next start on the node's processes run from this folder of dist; without FOLDER from dist",
  },
  { name: 'fill', words: 'NODE', about: 'the disk of its coordinator is full' },
  { name: 'heal', words: '', about: 'links up, nobody cut, no loss, no delay, no disk full, nothing frozen' },
  { name: 'pids', words: '[NODE]', about: 'processes, their numbers and restarts' },
  { name: 'logs', words: 'NODE [PROCESS]', about: 'the last lines of their logs' },
  { name: 'peer', words: 'start NAME | stop', about: 'another cluster manager in the same namespaces: keepalived' },
  { name: 'wait', words: '', about: 'until the lab stands, its cluster included' },
  {
    name: 'cluster',
    words: '',
    about: 'start lvsm on every node, wait until it serves (after --cluster-later)',
  },
  {
    name: 'coordinated',
    words: '',
    about: 'a cluster with coordinators: lvsm init on the first director, lvsm join on the others; until it serves',
  },
  { name: 'join', words: 'NODE', about: 'an empty machine becomes a node of it: a token, lvsm join, its processes' },
  { name: 'wipe', words: 'NODE', about: 'an empty machine again: its processes end, what lvsm kept is gone' },
  {
    name: 'api',
    words: 'NODE METHOD PATH [BODY]',
    about: "a call to the node's agent; '-': the first with a quorum",
  },
] as const satisfies readonly VerbRow[]

export type VerbName = (typeof VERBS)[number]['name']

export const isVerb = (word: string): word is VerbName => VERBS.some(({ name }) => name === word)

const COLUMN = 29

/** One line for each, as help and README show them. */
export const verbLines: readonly string[] = VERBS.map(({ name, words, about }: VerbRow) =>
  `${`${name} ${words}`.trimEnd().padEnd(COLUMN)} ${about}`.trimEnd(),
)

export const verbsText = `Faults and questions, on a lab that is up (npm run lab -- VERB …) or inside (lab VERB …):
${verbLines.map((line) => `  ${line}\n`).join('')}`
