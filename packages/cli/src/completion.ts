/** A script for bash that completes the commands and options of this very version (man 1 bash, Programmable Completion). */
import type { Command } from 'commander'

/** `config show`; the root has no words. */
type Row = { readonly path: string; readonly words: readonly string[] }

function* rowsOf(command: Command, path: string): Generator<Row> {
  const visible = command.createHelp().visibleCommands(command)
  const options = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? [])
  yield { path, words: [...visible.map((one) => one.name()), ...choicesOf(command), ...options] }
  for (const one of visible) if (one.name() !== 'help') yield* rowsOf(one, `${path} ${one.name()}`)
}
const choicesOf = (command: Command): readonly string[] =>
  command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)

/** Names are letters, digits and dashes: nothing of them means anything to a shell. */
export function bashCompletion(root: Command): string {
  const rows = [...rowsOf(root, '')]
  const commands = rows.filter(({ path }) => path !== '').map(({ path }) => `      '${path}') at=$next ;;`)
  const words = rows.map((row) => `    '${row.path}') words='${row.words.join(' ')}' ;;`)
  return `# bash completion for lvsm: lvsm completion bash
_lvsm() {
  local at='' next words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="$at $word"
    case "$next" in
${commands.join('\n')}
    esac
  done
  case "$at" in
${words.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _lvsm lvsm
`
}
