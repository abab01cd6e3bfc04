import { describe, expect, it } from 'vitest'
import { codeOnly } from './code.ts'
import { plant } from './fixture.ts'
import { checkHouse } from './house.ts'
import { inspect, LONGEST_FILE, LONGEST_TEST } from './laws.ts'

const PURE = 'packages/lease/src/holder.ts'
const lawsOf = (file: string, source: string): string[] => inspect(file, source).map((finding) => finding.law)

describe('the laws of pure rooms', () => {
  it.each([
    ['pure-clock', 'const now = Date.now()'],
    ['pure-clock', 'const now = new Date()'],
    ['pure-clock', 'const now = performance.now()'],
    ['pure-clock', 'setTimeout(() => {}, 1)'],
    ['pure-clock', 'const pid = process.pid'],
    ['pure-random', 'const roll = Math.random()'],
    ['pure-random', 'const id = crypto.randomUUID'],
    ['pure-sync', 'export async function* f() {}'],
    ['pure-sync', 'const wait = new Promise(() => {})'],
    ['pure-silent', "console.log('x')"],
    ['pure-clock', 'const text = `at ${Date.now()}`'],
  ])('%s: %s', (law, source) => {
    expect(lawsOf(PURE, source)).toContain(law)
    expect(lawsOf('agent/node/core/index.ts', source)).toContain(law)
    expect(lawsOf('agent/node/adapters/clock.ts', source)).toEqual([])
    expect(lawsOf('packages/lease/src/holder.test.ts', source)).toEqual([])
  })

  it('read code, not prose', () => {
    expect(
      lawsOf(PURE, "/** Never Date.now(). */\nconst text = 'an async Promise' // await it\nconst pattern = /async/\n"),
    ).toEqual([])
  })

  it('point at the line', () => {
    expect(inspect(PURE, '/* one\n two */\nconst a = Date.now()\n')[0]).toMatchObject({ file: PURE, line: 3 })
  })
})

describe('the laws of all files', () => {
  it('files stay short, tests may be longer', () => {
    const lines = (count: number): string => 'const a = 1\n'.repeat(count)
    expect(lawsOf('scripts/build.ts', lines(LONGEST_FILE))).toEqual([])
    expect(lawsOf('scripts/build.ts', lines(LONGEST_FILE + 1))).toEqual(['short-file'])
    expect(lawsOf('scripts/build.test.ts', lines(LONGEST_TEST))).toEqual([])
    expect(lawsOf('test/sim/world.ts', lines(LONGEST_TEST + 1))).toEqual(['short-file'])
  })

  it.each([
    'scripts/utils.ts',
    'agent/node/core/plan-helpers.ts',
    'packages/base/src/common/index.ts',
    'scripts/lab/vm-manager.ts',
  ])('no vague name: %s', (file) => expect(lawsOf(file, '')).toContain('noun-name'))

  it('no path or package host of one machine', () => {
    const home = ['', 'home', 'somebody', 'lvsm'].join('/')
    const host = ['https:/', 'npm-mirror.example.net', 'koffi'].join('/')
    expect(lawsOf('README.md', `cd ${home}`)).toEqual(['no-machine'])
    expect(lawsOf('package-lock.json', `"resolved": "${host}"`)).toEqual(['no-host'])
    expect(lawsOf('README.md', 'see /run/lvsm, https://www.kernel.org/doc and scripts/work/a')).toEqual([])
  })

  it('no test hides the others', () => {
    expect(lawsOf('scripts/a.test.ts', ['it', 'only("x")'].join('.'))).toEqual(['no-only'])
  })
})

describe('the house linter over a tree', () => {
  const findingsOf = (planted: Record<string, string>): string[] => {
    const fixture = plant(planted)
    try {
      return checkHouse(fixture.root).findings.map(({ law, file }) => `${law}: ${file}`)
    } finally {
      fixture.remove()
    }
  }
  const READMES = Object.fromEntries(
    [
      ...['agent/driver', 'agent/process', 'agent/lease', 'agent/node', 'agent/prober', 'agent/counts', 'test'],
      ...['agent/examiner', 'packages/cli/src/doctor/core', 'packages/cli/src/recipe/core'],
      ...['coordinator', 'coordinator/api', 'coordinator/adapters/api'],
      ...['agent/nodelink', 'agent/node/feed', 'coordinator/feed', 'coordinator/reported', 'coordinator/adapters/feed'],
      ...['coordinator/electorate', 'web', 'web/src/core'],
      ...['coordinator/adapters/store', 'coordinator/adapters/links', 'coordinator/adapters/joining'],
    ].map((path) => [`${path}/README.md`, '# here\n']),
  )

  it('finds nothing in a clean one', () => expect(findingsOf(READMES)).toEqual([]))

  it('wants a README in every room', () => {
    const { 'agent/lease/README.md': _gone, ...rest } = READMES
    expect(findingsOf(rest)).toEqual([
      'readme: agent/lease/core',
      'readme: agent/lease/adapters',
      'readme: agent/lease',
    ])
  })

  it('knows every room', () => {
    expect(findingsOf({ ...READMES, 'packages/gossip/src/index.ts': '' })).toEqual([
      'known-room: packages/gossip/src/index.ts',
    ])
  })

  it('reads planted files with their paths', () => {
    expect(findingsOf({ ...READMES, 'packages/plan/src/diff.ts': 'export const now = () => Date.now()\n' })).toEqual([
      'pure-clock: packages/plan/src/diff.ts',
    ])
  })
})

describe('codeOnly', () => {
  it.each([
    ["const a = 'b' + c", 'const a =     + c'],
    ['a / b / c // d', 'a / b / c     '],
    ['x.replace(/"/g, y)', 'x.replace(    , y)'],
    ["'it\\'s' + a", '        + a'],
    ['`a ${b} c` + d', '     b     + d'],
  ])('%s', (source, code) => expect(codeOnly(source)).toBe(code))
})
