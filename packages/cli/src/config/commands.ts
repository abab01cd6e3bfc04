/** `lvsm config`: what each command does. */
import type { Exit } from '@lvsm/protocol'
import { COMMAND_MODEL } from '@lvsm/changes'
import { readFileSync, writeFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { Failure } from '../failure.ts'
import { fileFailure } from '../file-fault.ts'
import { type Format, render } from '../output.ts'
import { ask, refusedFailure } from './ask.ts'
import { readFile, textOf } from './document.ts'
import { differenceText, historyText, revisionText } from './text.ts'
import { type CoordinatorSession, write, type WriteOptions } from './write.ts'

export interface ReadOptions {
  readonly output: Format
  /** As this coordinator has it, the newest or not. */
  readonly stale: boolean
}

/** The document. In YAML it is what `apply` takes. */
export async function show(
  { paths, terminal }: CoordinatorSession,
  { revision, output, stale }: ReadOptions & { readonly revision?: number | undefined },
): Promise<Exit> {
  const found = await ask(paths, { route: 'document', query: { revision, stale, yaml: output !== 'json' }, body: null })
  terminal.print(output === 'json' ? render(found.file, output, () => '') : textOf(found))
  return 'ok'
}

export async function exported(
  { paths, terminal }: CoordinatorSession,
  file: string | undefined,
  { revision, stale }: { readonly revision?: number | undefined; readonly stale: boolean },
): Promise<Exit> {
  const found = await ask(paths, { route: 'document', query: { revision, stale, yaml: true }, body: null })
  if (file === undefined || file === '-') terminal.print(textOf(found))
  else {
    writeNew(file, textOf(found))
    terminal.print(`revision ${found.revision} is in ${file}\n`)
  }
  return 'ok'
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw fileFailure('usage', `cannot write ${file}`, error, 'make its directory first, or name another file')
  }
}

export async function history(
  { paths, terminal }: CoordinatorSession,
  options: ReadOptions & { readonly number: number; readonly before?: number | undefined },
): Promise<Exit> {
  const { number: limit, before, stale, output } = options
  const found = await ask(paths, { route: 'history', query: { limit, before, stale }, body: null })
  terminal.print(render(found, output, (it) => historyText(it, terminal.paint)))
  return 'ok'
}

export async function revision(
  { paths, terminal }: CoordinatorSession,
  number: number,
  { output, stale }: ReadOptions,
): Promise<Exit> {
  const found = await ask(paths, { route: 'revision', query: { number, stale }, body: null })
  terminal.print(render(found, output, (it) => revisionText(it, terminal.paint)))
  return 'ok'
}

/** Ends as diff(1) does: 0 the same, 1 different, 2 anything else. */
export async function diff(
  { paths, terminal }: CoordinatorSession,
  from: number | undefined,
  to: number | undefined,
  { output, stale }: ReadOptions,
): Promise<Exit> {
  try {
    const found = await ask(paths, { route: 'diff', query: { from, to, stale }, body: null })
    terminal.print(
      render(
        found,
        output,
        (it) => `from revision ${it.from} to ${it.to}:\n${differenceText(it.lines, terminal.paint)}`,
      ),
    )
    return found.lines.length > 0 ? 'differs' : 'ok'
  } catch (error) {
    throw error instanceof Failure ? new Failure('undiffed', error.message, error.hint) : error
  }
}

/** A whole document, from a file or standard input. */
export async function apply(session: CoordinatorSession, file: string, options: WriteOptions): Promise<Exit> {
  const yaml = file === '-' ? await readAll(process.stdin) : readText(file)
  const source = file === '-' ? 'standard input' : file
  const read = readFile(yaml)
  if ('refusals' in read) throw refusedFailure({ status: 422, refused: read }, source)
  return write(session, read.change, options, { source, revision: read.revision })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fileFailure('usage', `cannot read ${file}`, error, 'lvsm config export FILE makes one')
  }
}

export const rollback = (session: CoordinatorSession, revision: number, options: WriteOptions): Promise<Exit> =>
  write(session, { command: { verb: 'rollback', revision, model: COMMAND_MODEL } }, options)
