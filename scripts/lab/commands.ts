/** Programs on the path inside: the cluster's own, `lab`, `observe`. */
import { QUIET } from './cluster.ts'
import { isCoordinator } from './coordinated.ts'
import { labDir, placesOf } from './places.ts'
import type { Paths } from './plan.ts'
import { clusterNodes, type Topology } from './topology.ts'

/** An observer lives for seconds: compilers and collections would interrupt it, and what it watches. */
const STEADY = '--no-opt --no-maglev --min-semi-space-size=64 --max-semi-space-size=64'

interface Command {
  readonly path: string
  readonly text: string
}

export function commands(topology: Topology, paths: Paths, agents: string): Command[] {
  const { node, dist } = paths
  const coordinators = clusterNodes(topology)
    .filter(isCoordinator)
    .map(({ name }) => `${placesOf(name).coordinatorRun}/coordinator.sock`)
    .join(':')
  const here = placesOf('$here')
  const lvsm = [
    '#!/bin/sh',
    '# Agent and coordinator of the present namespace, else the first of all that answers.',
    'here=$(ip netns identify $$ 2>/dev/null)',
    'first() { if [ -S "$1" ]; then echo "$1"; else echo "$2"; fi; }',
    `export LVSM_SOCKET=\${LVSM_SOCKET:-$(first ${here.run}/agent.sock ${agents})}`,
    `export LVSM_COORDINATOR_SOCKET=\${LVSM_COORDINATOR_SOCKET:-$(first ${here.coordinatorRun}/coordinator.sock ${coordinators})}`,
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
    // What `lvsm init` and `lvsm join` run.
    ...['lvsm-coordinator', 'lvsm-lease'].map((name) => ({
      path: `${labDir}/bin/${name}`,
      text: `#!/bin/sh\nexec "${node}" ${QUIET} "${dist}/${name}.mjs" "$@"\n`,
    })),
    { path: `${labDir}/bin/lvsm`, text: `${lvsm.join('\n')}\n` },
    { path: `${labDir}/bin/lab`, text: `${lab.join('\n')}\n` },
    {
      path: `${labDir}/bin/observe`,
      text: `#!/bin/sh\nexec nice -n -15 "${node}" ${STEADY} "${dist}/observe.mjs" "$@"\n`,
    },
  ]
}
