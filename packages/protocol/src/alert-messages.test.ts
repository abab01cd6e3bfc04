/** What agents tell each other of alerts, as it was written down: with what came later, and without it. */
import { expect, it } from 'vitest'
import { decodeMessage, encodeMessage } from './agent-messages.ts'

const told = (more: string): string =>
  `{"v":1,"least":1,"kind":"alerts","causes":[],"whole":true,"unable":[],"told":[{"code":"late","object":"node dir2","severity":"critical",` +
  `"summary":"late","startedMs":1790000000000,"endedMs":null,"ageMs":61000,"told":{"ops":{"what":"firing","ageMs":57000${more}}}}]}`

it.each([
  ['of an older agent, which does not say how bad it was told', '', {}],
  ['that says how bad it was told', ',"severity":"warning"', { severity: 'warning' }],
  ['that says that it is to be told anew', ',"anew":true', { anew: true }],
])('one %s is read, and comes back as it was', (_, more, severity) => {
  const read = decodeMessage(told(more))
  if (!read.ok || read.message.kind !== 'alerts') throw new Error(JSON.stringify(read))
  expect(read.message.told[0]?.told['ops']).toEqual({ what: 'firing', ageMs: 57_000, ...severity })
  expect(encodeMessage(read.message)).toBe(told(more))
})

const cause = (more: string): string =>
  '{"v":1,"least":1,"kind":"alerts","causes":[{"code":"late","object":"node rs1","severity":"warning","summary":"late"' +
  `${more}}],"whole":true,"unable":[],"told":[]}`

it.each([
  ['of an older agent, which says neither what comes of it nor what to do', '', {}],
  ['from which what others say follows', ',"evidence":"who asks is answered"', { evidence: 'who asks is answered' }],
  ['that says both', ',"means":"it comes late","next":"top, on rs1"', { means: 'it comes late', next: 'top, on rs1' }],
])('a cause %s is read, and comes back as it was', (_, more, said) => {
  const read = decodeMessage(cause(more))
  if (!read.ok || read.message.kind !== 'alerts') throw new Error(JSON.stringify(read))
  expect(read.message.causes).toEqual([
    { code: 'late', object: 'node rs1', severity: 'warning', summary: 'late', ...said },
  ])
  expect(encodeMessage(read.message)).toBe(cause(more))
})
