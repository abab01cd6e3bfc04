/** For this room's tests: the sample of the model as a document, and commands on it. */
import { SAMPLE } from '@lvsm/model'
import { applyCommand } from './command/apply.ts'
import type { Action, Context } from './command/command.ts'
import { COMMAND_MODEL, MODEL_VERSION } from './command/version.ts'
import type { Document } from './document/document.ts'
import { parseDocument } from './document/yaml.ts'
import { lineText, linesOf } from './revision/lines.ts'

/** The sample, its key by reference, and a pool for a second service. */
export const FILE = SAMPLE.replace(/secret: "\w+"/, 'file: /etc/lvsm/key').concat(
  '  - { name: https, group: web, address: 10.11.0.10, port: 443, protocol: tcp, scheduler: wlc, pool: secure }\n',
  'pools:\n',
  '  - { name: secure, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }, { node: rs2, address: 10.11.0.12, forward: dr }] }\n',
)

export function documentOfFile(text: string): Document {
  const { document, refusals } = parseDocument(text)
  if (!document) throw new Error(JSON.stringify(refusals, null, 1))
  return document
}
export const DOCUMENT: Document = documentOfFile(FILE)
export const CONTEXT: Context = { finalized: MODEL_VERSION, voters: 'stay', earlier: () => null }

export const run = (document: Document, action: Action, context: Partial<Context> = {}) =>
  applyCommand(document, { model: COMMAND_MODEL, ...action }, { ...CONTEXT, ...context })

/** What it changes, as lines; or why it is refused, as `code field: message → hint`. */
export function outcome(document: Document, action: Action, context: Partial<Context> = {}): string[] {
  const result = run(document, action, context)
  return result.refusals
    ? result.refusals.map(({ code, field, message, hint }) => `${code} ${field}: ${message} → ${hint}`)
    : linesOf(result.change).map(lineText)
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
