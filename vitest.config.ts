import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of threads, disks, sockets and commands as they are on this machine; they take their time, and no root. */
const PROCESSES = [
  'coordinator/*.test.ts',
  'coordinator/adapters/store/**/*.test.ts',
  'coordinator/adapters/links/**/*.test.ts',
  'coordinator/adapters/joining/**/*.test.ts',
  'coordinator/adapters/feed/**/*.test.ts',
  'coordinator/adapters/api/people/**/*.test.ts',
  'coordinator/adapters/api/viewers.test.ts',
  'agent/node/following.test.ts',
  'agent/node/adapters/feed/caller.test.ts',
  'agent/node/adapters/pair-keys.test.ts',
  'agent/node/adapters/hooks.test.ts',
  'agent/node/adapters/prober.test.ts',
  'agent/node/alerts.test.ts',
  'agent/node/monitoring.test.ts',
  'agent/process/leftovers.test.ts',
  'agent/process/syslog.test.ts',
  'agent/prober/alerts/alerts.test.ts',
  'agent/prober/alerts/names.test.ts',
  'agent/prober/guard.test.ts',
  'agent/prober/http.test.ts',
  'agent/prober/icmp.test.ts',
  'agent/prober/listener.test.ts',
  'agent/prober/haproxy/listener.test.ts',
  'agent/prober/script.test.ts',
  'agent/prober/secured.test.ts',
  'agent/prober/sockets.test.ts',
  'agent/prober/talk.test.ts',
  'agent/prober/trace.test.ts',
  'agent/prober/agent.test.ts',
  'agent/lease/adapters/network/pairwise.test.ts',
  'agent/node/passing.test.ts',
  'packages/cli/test/config.test.ts',
  'packages/cli/test/edit.test.ts',
  'packages/cli/test/leaving.test.ts',
  'packages/cli/test/rekey.test.ts',
  'packages/cli/test/setup.test.ts',
  'packages/cli/test/refusals.test.ts',
  'web/test/**/*.test.ts',
]

/** Rooms without clock, randomness, I/O and state of their own (tsconfig.pure.json): their tests leave nothing behind, and share what was loaded. */
const PURE = [
  'packages/{base,changes,health,heartbeat,lease,model,netlink,plan,protocol,raft}/**/*.test.ts',
  'packages/cli/src/{doctor,recipe}/core/**/*.test.ts',
  'agent/{driver,lease/core,node/core,node/feed}/**/*.test.ts',
  'coordinator/{api,feed,reported}/**/*.test.ts',
  'web/src/core/**/*.test.ts',
]

const PROGRAMS = join(import.meta.dirname, 'test/kit/programs.ts')

/** At the same time, of those that wait for processes, disks and leases most of their time. */
const WAITING = 3

/** Those that take longest, and mostly wait (for leases, processes, machines): begun first, others run beside them. */
const LONGEST = [
  'test/contract/voters',
  'test/contract/lab',
  'test/contract/package',
  'web/test/screens',
  'packages/cli/test/refusals',
]
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(name))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

/**
 * Five projects: `pure` and `unit` need nothing but Node and run in the gate; `processes` runs on this machine's disks and sockets; `contract` holds ports against the real kernel
 * (root, network namespaces). `soak` is what `npm test` has no time for. What needs IPVS or a whole cluster lives in test/lab and runs in the lab's guest.
 */
export default defineConfig({
  resolve: { alias: [{ find: /^fast-check$/, replacement: join(import.meta.dirname, 'test/kit/fast-check.ts') }] },
  test: {
    pool: 'threads',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is waited for comes on any machine; only what never comes ends so.
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          globalSetup: PROGRAMS,
          include: ['{packages,agent,coordinator,web,scripts,test}/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/contract/**', 'test/soak/**', ...PROCESSES, ...PURE],
        },
      },
      {
        extends: true,
        test: { name: 'pure', globalSetup: PROGRAMS, isolate: false, include: PURE, exclude: ['**/node_modules/**'] },
      },
      {
        extends: true,
        test: {
          // Threads of its own, locks of the process, children that are killed: each file is a process.
          name: 'processes',
          globalSetup: PROGRAMS,
          pool: 'forks',
          maxWorkers: WAITING,
          sequence: { groupOrder: 1 },
          // Their threads load JavaScript that was kept: Node's type stripper is WebAssembly, and V8 13.6 crashes now and then
          // when one thread after the other uses it (coordinator/adapters/store/README.md).
          env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compiled') },
          include: PROCESSES,
        },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          globalSetup: PROGRAMS,
          // Namespaces and locks of their own: each file is a process.
          pool: 'forks',
          maxWorkers: WAITING,
          sequence: { groupOrder: 2 },
          include: ['test/contract/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          globalSetup: PROGRAMS,
          pool: 'forks',
          sequence: { groupOrder: 3 },
          include: ['test/soak/**/*.test.ts'],
        },
      },
    ],
  },
})
