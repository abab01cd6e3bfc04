/** `lvsm config edit`: the document in an editor, again and again until it is right or given up; the text is never lost. */
import { describeRefusal, type Refusal } from '@lvsm/base'
import type { ConfigRefused, ConfigRequestBody, DocumentReport, Exit, PreviewReport } from '@lvsm/protocol'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { render } from '../output.ts'
import { ask, refusedFailure, tryAsk } from './ask.ts'
import { readFile, textOf } from './document.ts'
import { previewText } from './text.ts'
import { commit, type CoordinatorSession, type WriteOptions } from './write.ts'

export async function edit(session: CoordinatorSession, options: WriteOptions): Promise<Exit> {
  const { paths, terminal } = session
  const editor = editorHere(process.env, process.stdin.isTTY === true && process.stdout.isTTY === true)
  const document = await ask(paths, { route: 'document', query: { yaml: true }, body: null })
  await ensureMayChange(paths, document)
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-edit-'))
  const file = join(folder, `${clusterOf(document)}.yaml`)
  let kept = true
  try {
    const found = await editUntilRight(session, document, { file, editor }, options)
    if (found === null) {
      kept = false
      terminal.print('nothing was changed\n')
      return 'ok'
    }
    const { change, preview } = found
    if (options.dryRun) terminal.print(render(preview, options.output, (it) => previewText(it, terminal.paint)))
    const exit = options.dryRun ? 'ok' : await commit(session, change, preview, options, file)
    kept = options.dryRun
    if (kept) terminal.complain(`the text is in ${file}\n`)
    return exit
  } catch (error) {
    if (error instanceof Failure)
      throw new Failure(error.exit, `${error.message}\nthe text is in ${file}`, hintOf(error, file))
    terminal.complain(`the text is in ${file}\n`)
    throw error
  } finally {
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }
}

/** Whoever may not change it by text hears so before he wrote any. */
async function ensureMayChange(paths: readonly string[], document: DocumentReport): Promise<void> {
  const told = await tried(paths, textOf(document), '', document.revision)
  if ('refused' in told && told.status === 403) throw refusedFailure(told)
}

const hintOf = ({ hint }: Failure, file: string): string =>
  `${hint}${hint === '' ? '' : '; '}go on with: lvsm config apply ${file}`
const clusterOf = (document: DocumentReport): string =>
  /^cluster: ([A-Za-z0-9-]+)$/m.exec(textOf(document))?.[1] ?? 'cluster'

interface Right {
  readonly change: ConfigRequestBody<'change'>['change']
  readonly preview: PreviewReport
}

/** Null: the text came back as it was, so nothing is to be done. */
async function editUntilRight(
  { paths }: CoordinatorSession,
  document: DocumentReport,
  { file, editor }: { readonly file: string; readonly editor: string },
  { comment, ifRevision }: WriteOptions,
): Promise<Right | null> {
  const original = textOf(document)
  let shown = original
  let before: Failure | null = null
  for (;;) {
    writeFileSync(file, shown, { mode: 0o600 })
    await openEditor(editor, file)
    const yaml = withoutMarks(readFileSync(file, 'utf8'))
    if (yaml === original) return null
    writeFileSync(file, yaml, { mode: 0o600 })
    // Whoever saves what was refused, with nothing changed but what this command wrote, has given up.
    if (before !== null && yaml === withoutMarks(shown)) throw before
    const told = await tried(paths, yaml, comment, ifRevision ?? document.revision)
    if ('preview' in told) return told
    before = refusedFailure(told, file)
    if (told.status !== 422) throw before
    shown = marked(yaml, told.refused.refusals)
  }
}

interface Wrong {
  readonly status: number
  readonly refused: ConfigRefused
}
async function tried(paths: readonly string[], yaml: string, comment: string, base: number): Promise<Right | Wrong> {
  const read = readFile(yaml)
  if ('refusals' in read) return { status: 422, refused: read }
  const { change } = read
  const told = await tryAsk(paths, { route: 'preview', body: { change, comment, base } })
  return told.kind === 'ok' ? { change, preview: told.value } : told
}

/** At the beginning of each line that this command wrote. */
const MARK = '#! '

/** The text with each refusal in front of the line that it is about; those without a line come first. */
export function marked(yaml: string, refusals: readonly Refusal[]): string {
  const lines = yaml.split('\n')
  const told = (refusal: Refusal): string[] => {
    const { line: _line, column: _column, ...rest } = refusal
    return describeRefusal(rest)
      .split('\n')
      .map((line) => `${MARK}${line}`)
  }
  const at = (number: number): Refusal[] => refusals.filter(({ line }) => Math.min(line ?? 0, lines.length) === number)
  const head = [`${MARK}Refused. Lines that begin with ${MARK.trim()} are taken out; save without a change to give up.`]
  return [
    ...head,
    ...at(0).flatMap(told),
    ...lines.flatMap((line, index) => [...at(index + 1).flatMap(told), line]),
  ].join('\n')
}
export const withoutMarks = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith(MARK))
    .join('\n')

/** They wait for keys, for ever where nobody can press any. */
const ON_A_SCREEN =
  /^(?:vi|vim|nvim|view|vim\.\w+|nano|rnano|pico|emacs|emacsclient|mg|joe|jed|ne|micro|mcedit|helix|hx|kak|ed|ex)$/

/** Of the environment, as every program does. Without a terminal only one that edits by itself (`sed -i …`) is opened. */
export function editorHere(environment: NodeJS.ProcessEnv, isTerminal: boolean): string {
  const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi'
  const program = editor.trim().split(/\s+/)[0]?.split('/').at(-1) ?? ''
  if (isTerminal || !ON_A_SCREEN.test(program)) return editor
  throw new Failure(
    'usage',
    `there is no terminal for the editor (${editor}); nothing was changed`,
    'run it on a terminal; or edit a file: lvsm config export FILE, then lvsm config apply FILE',
  )
}

/** With arguments of its own, so that a shell reads it. */
async function openEditor(editor: string, file: string): Promise<void> {
  const end = await new Promise<string | null>((resolve) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === 0 ? null : `it ended with ${signal ?? code}`))
  })
  if (end !== null)
    throw new Failure(
      'refused',
      `the editor (${editor}) did not save: ${end}; nothing was changed`,
      'choose another with VISUAL or EDITOR',
    )
}
