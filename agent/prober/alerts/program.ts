/** Tells a receiver by a program of the operator's, which runs as this process does, without rights: it took it where it ends with 0. */
import type { Ask } from '../attempt.ts'
import { listOf, textOf } from '../keys.ts'
import { endGroup, startGroup, streamsOf } from '../groups.ts'

/** Bytes of output that are looked at; the rest is read and thrown away. */
const LONGEST_OUTPUT = 4096
/** For what was said before the end: one that it left behind may hold its output open. */
const SETTLE_MS = 200

export const tellProgram: Ask = ({ keys, timeoutMs }, end) => {
  const [program = '', ...words] = listOf(keys, 'argv')
  const child = startGroup(program, words, {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      LVSM_TIMEOUT_MS: String(timeoutMs),
      ...variablesOf(keys),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of streamsOf(child))
    stream.on('data', (bytes: Buffer) => (said += bytes.toString('latin1').slice(0, LONGEST_OUTPUT - said.length)))
  // It need not read what it is told.
  for (const stream of [child.stdin, ...streamsOf(child)]) stream?.on('error', () => undefined)
  child.stdin?.end(textOf(keys, 'input') ?? '')
  child.on('error', (error) => end(false, `it cannot be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    const told = (): void => {
      const how = signal === null ? `exit code ${code}` : `ended by ${signal}`
      const [line = ''] = said.trim().split('\n')
      end(code === 0, line === '' ? how : `${line} (${how})`)
    }
    child.on('close', told)
    setTimeout(told, SETTLE_MS)
  })
  return { sofar: () => 'it did not end', close: () => endGroup(child) }
}

function variablesOf(keys: Parameters<typeof textOf>[0]): Record<string, string> {
  const { variables } = keys
  if (typeof variables !== 'object' || variables === null) return {}
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value.replaceAll('\0', ' ')]] : [],
    ),
  )
}
