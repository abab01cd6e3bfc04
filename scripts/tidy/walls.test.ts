import { beforeAll, describe, expect, it } from 'vitest'
import { plant } from './fixture.ts'
import { checkWalls } from './walls.ts'

const breachesOf = async (planted: Record<string, string>): Promise<string[]> => {
  const fixture = plant(planted)
  try {
    const { breaches } = await checkWalls(fixture.root)
    return breaches.map(({ rule, from, to }) => `${rule}: ${from} → ${to}`)
  } finally {
    fixture.remove()
  }
}

const imports = (specifier: string): string => `import { here } from '${specifier}'\nexport const seen = here\n`

/** What is planted where, and which wall must catch it. */
const CAUGHT: readonly [wall: string, file: string, text: string][] = [
  ['base', 'packages/base/src/a.ts', imports('@lvsm/model')],
  ['base', 'packages/base/src/a.ts', imports('zod')],
  ['model', 'packages/model/src/a.ts', imports('@lvsm/lease')],
  ['model', 'packages/model/src/a.ts', imports('node:fs')],
  ['changes', 'packages/changes/src/a.ts', imports('@lvsm/plan')],
  ['changes', 'packages/changes/src/a.ts', imports('zod')],
  ['model', 'packages/model/src/a.ts', imports('@lvsm/changes')],
  ['lease', 'packages/lease/src/a.ts', imports('@lvsm/heartbeat')],
  ['lease', 'packages/lease/src/a.ts', "import type { here } from '@lvsm/heartbeat'\nexport type Seen = typeof here\n"],
  ['lease', 'packages/lease/src/a.ts', "export * from '@lvsm/heartbeat'\n"],
  ['lease', 'packages/lease/src/a.ts', "export const load = () => import('@lvsm/kernel')\n"],
  ['lease', 'packages/lease/src/a.ts', imports('../../heartbeat/src/index.ts')],
  ['raft', 'packages/raft/src/a.ts', imports('@lvsm/protocol')],
  ['raft', 'packages/raft/src/a.ts', imports('@lvsm/lease')],
  ['heartbeat', 'packages/heartbeat/src/a.ts', imports('@lvsm/lease')],
  ['health', 'packages/health/src/a.ts', imports('@lvsm/plan')],
  ['plan', 'packages/plan/src/a.ts', imports('@lvsm/netlink')],
  ['netlink', 'packages/netlink/src/a.ts', imports('koffi')],
  ['netlink', 'packages/netlink/src/a.ts', imports('buffer')],
  ['protocol', 'packages/protocol/src/a.ts', imports('@lvsm/kernel')],
  ['kernel', 'packages/kernel/src/a.ts', imports('@lvsm/plan')],
  ['cli', 'packages/cli/src/a.ts', imports('@lvsm/kernel')],
  ['cli', 'packages/cli/src/a.ts', imports('execa')],
  ['lease-core', 'agent/lease/core/a.ts', imports('@lvsm/model')],
  ['lease-core', 'agent/lease/core/a.ts', imports('@lvsm/kernel')],
  ['lease-core', 'agent/lease/core/a.ts', imports('../adapters/index.ts')],
  ['lease-core', 'agent/lease/core/a.ts', imports('node:timers')],
  ['node-core', 'agent/node/core/a.ts', imports('@lvsm/netlink')],
  ['node-core', 'agent/node/core/a.ts', imports('../../lease/core/index.ts')],
  ['lease-adapters', 'agent/lease/adapters/a.ts', imports('@lvsm/plan')],
  ['lease-adapters', 'agent/lease/adapters/a.ts', imports('../../node/core/index.ts')],
  ['node-adapters', 'agent/node/adapters/a.ts', imports('execa')],
  ['process', 'agent/process/a.ts', imports('@lvsm/model')],
  ['node-agent', 'agent/node/main.ts', imports('../lease/core/index.ts')],
  ['prober', 'agent/prober/a.ts', imports('@lvsm/kernel')],
  ['prober', 'agent/prober/a.ts', imports('../node/core/index.ts')],
  ['counts', 'agent/counts/a.ts', imports('@lvsm/plan')],
  ['counts', 'agent/counts/a.ts', imports('../node/core/index.ts')],
  ['coordinator-ports', 'coordinator/ports.ts', imports('node:fs')],
  ['coordinator-store', 'coordinator/adapters/store/a.ts', imports('@lvsm/kernel')],
  ['coordinator-store', 'coordinator/adapters/store/a.ts', imports('koffi')],
  ['coordinator-links', 'coordinator/adapters/links/a.ts', imports('../store/index.ts')],
  ['coordinator-links', 'coordinator/adapters/links/a.ts', imports('koffi')],
  ['nodelink', 'agent/nodelink/a.ts', imports('@lvsm/model')],
  ['node-feed', 'agent/node/feed/a.ts', imports('node:crypto')],
  ['node-feed', 'agent/node/feed/a.ts', imports('../adapters/index.ts')],
  ['coordinator-feed', 'coordinator/feed/a.ts', imports('node:crypto')],
  ['coordinator-feed', 'coordinator/feed/a.ts', imports('@lvsm/raft')],
  ['coordinator-feed-adapter', 'coordinator/adapters/feed/a.ts', imports('../links/index.ts')],
  ['coordinator-reported', 'coordinator/reported/a.ts', imports('node:timers')],
  ['trust', 'packages/trust/src/a.ts', imports('@lvsm/raft')],
  ['trust', 'packages/trust/src/a.ts', imports('zod')],
  ['coordinator-api', 'coordinator/api/a.ts', imports('node:http')],
  ['coordinator-api', 'coordinator/api/a.ts', imports('@lvsm/kernel')],
  ['coordinator-api-adapter', 'coordinator/adapters/api/a.ts', imports('../store/index.ts')],
  ['coordinator-api-adapter', 'coordinator/adapters/api/a.ts', imports('@lvsm/model')],
  ['web-core', 'web/src/core/a.ts', imports('@lvsm/model')],
  ['web', 'web/src/a.ts', imports('@lvsm/changes')],
  ['web', 'web/src/a.tsx', `${imports('@lvsm/changes')}export const Seen = () => <b>{seen}</b>\n`],
  ['web', 'web/src/a.tsx', "export { here } from 'koffi'\n"],
  ['adapters-apart', 'agent/node/adapters/a.ts', imports('./index.ts')],
  ['audit-apart', 'packages/plan/src/audit.ts', "import { here } from './diff.ts'\nexport const seen = here\n"],
  ['scripts', 'scripts/lab/a.ts', imports('../../agent/node/core/index.ts')],
  ['nothing-imports-test', 'scripts/lab/a.ts', imports('../../test/kit/index.ts')],
  ['nothing-imports-test', 'packages/lease/src/a.ts', imports('../../../test/kit/index.ts')],
  ['found', 'scripts/lab/a.ts', imports('./nowhere.ts')],
]

/** In one tree, which is read once: each row in a file of its own. Targets that some rows need are there too. */
const ROWS = CAUGHT.map(([wall, file, text], at) => [wall, file.replace(/\/a(?=\.tsx?$)/, `/a${at}`), text] as const)
const TREE = {
  ...Object.fromEntries(ROWS.map(([, file, text]) => [file, text])),
  'packages/plan/src/diff.ts': 'export const here = 1\n',
}

describe('the walls', () => {
  let breaches: readonly string[] = []
  beforeAll(async () => {
    expect(Object.keys(TREE)).toHaveLength(ROWS.length + 1)
    breaches = await breachesOf(TREE)
  })
  it.each(ROWS)('%s: %s', (wall, file) =>
    expect(breaches.some((line) => line.startsWith(`${wall}: ${file} → `))).toBe(true),
  )

  it('let through what the house allows', async () => {
    const breaches = await breachesOf({
      'packages/model/src/a.ts': imports('zod') + "export { here as base } from '@lvsm/base'\n",
      'packages/protocol/src/a.ts': imports('zod'),
      'packages/lease/src/a.ts': imports('@lvsm/protocol'),
      'packages/kernel/src/a.ts': imports('koffi') + "export { readFileSync } from 'node:fs'\n",
      'packages/lease/src/a.test.ts': imports('../../../test/kit/index.ts'),
      'agent/lease/core/a.ts': imports('@lvsm/lease'),
      'agent/lease/adapters/fence.ts': imports('./fence-batch.ts') + "export { here as kernel } from '@lvsm/kernel'\n",
      'agent/lease/adapters/fence-batch.ts': imports('../core/index.ts'),
      'agent/lease/main.ts': imports('./adapters/fence.ts'),
      'scripts/lab/a.ts': imports('@lvsm/kernel') + "export { here as other } from '../build.ts'\n",
      'scripts/build.ts': 'export const here = 1\n',
      'web/src/a.tsx': `${imports('./core/index.ts')}export { here as shown } from 'preact/hooks'\nexport const A = () => <b>{here}</b>\n`,
      'test/sim/a.ts': imports('../../agent/lease/core/index.ts'),
    })
    expect(breaches).toEqual([])
  })

  it('count what they read, and refuse to pass an empty tree', async () => {
    const fixture = plant({})
    const { modules } = await checkWalls(fixture.root)
    fixture.remove()
    expect(modules).toBeGreaterThan(10)
    await expect(checkWalls(fixture.root)).rejects.toThrow('no TypeScript module')
  })
})
