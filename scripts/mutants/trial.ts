/** A vitest that stays, in a process of its own that can be ended: asked over IPC, it runs some tests and says what failed. */
import { join } from 'node:path'
import { createVitest } from 'vitest/node'

export interface Question {
  /** Files of tests, from the root. */
  readonly tests: readonly string[]
  /** Files that are not what they were. */
  readonly changed: readonly string[]
}
export interface Answer {
  /** The first test that failed, or the file that could not be loaded; null when all passed. */
  readonly failed: string | null
  /** Its file, from the root. */
  readonly file: string | null
  readonly ran: number
  readonly tookMs: number
}

async function serve(root: string): Promise<void> {
  const quiet = { watch: false, silent: true, reporters: [{}] }
  // Files share their modules: most of the time goes into loading them, and the run without a mistake does the same.
  const vitest = await createVitest('test', { root, ...quiet, bail: 1, isolate: false })

  async function answer({ tests, changed }: Question): Promise<Answer> {
    const began = performance.now()
    for (const file of changed) vitest.invalidateFile(join(root, file))
    const files = await vitest.globTestSpecifications(tests.map((file) => join(root, file)))
    const asked = new Set(files.map((file) => file.moduleId))
    const { testModules: known, unhandledErrors } = await vitest.runTestSpecifications(files)
    // vitest remembers every file that it ever ran.
    const testModules = known.filter((module) => asked.has(module.moduleId))
    const failed = testModules.flatMap((module) => {
      const names = [...module.children.allTests('failed')].map((test) => test.fullName)
      const loaded = module.state() === 'failed' ? [module.relativeModuleId] : []
      return [...names, ...loaded].map((name) => ({ name, file: module.relativeModuleId }))
    })
    const passed = testModules.flatMap((module) => [...module.children.allTests('passed')])
    const error = unhandledErrors.length > 0 ? 'an error outside the tests' : null
    const [first] = failed
    const tookMs = performance.now() - began
    return { failed: first?.name ?? error, file: first?.file ?? null, ran: passed.length, tookMs }
  }

  process.on('disconnect', () => process.exit(0))
  process.on('message', (question: Question) => {
    answer(question).then(
      (said) => process.send?.(said),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}

await serve(process.argv[2] ?? process.cwd())
