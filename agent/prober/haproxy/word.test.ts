import type { AgentFact } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { readAgentLine } from '../probes/agent.ts'
import { listensIn } from './sockets.ts'
import { answerTo } from './word.ts'

const WELL: AgentFact = { service: 'http', admin: 'ready', up: true, percent: 100, why: '', listens: null }
const PLACE = { protocol: 'tcp', port: 80, addresses: ['10.11.0.11'] } as const
const fact = (over: Partial<AgentFact>): AgentFact => ({ ...WELL, ...over })
const answer = (name: string, ...facts: readonly AgentFact[]): string => answerTo(name, facts, () => false)

it.each<[string, Partial<AgentFact>, string]>([
  ['is well', {}, 'ready up 100%\n'],
  ['has less weight', { percent: 40 }, 'ready up 40%\n'],
  ['is drained', { admin: 'drain', percent: 40 }, 'drain up 40%\n'],
  ['is stopped', { admin: 'maint' }, 'maint up 100%\n'],
  ['failed', { up: false, why: 'connection\nrefused' }, 'ready down #connection\ufffdrefused\n'],
  [
    'has nobody who listens',
    { up: null, listens: { ...PLACE, addresses: [] } },
    'ready down #nothing listens at tcp port 80\n',
  ],
  ['is not known', { up: null }, 'ready up 100%\n'],
  ['serves by the owner, whoever listens', { listens: { ...PLACE, addresses: [] } }, 'ready up 100%\n'],
])('of a service that %s', (_, over, line) => {
  expect(answer('http', fact(over))).toBe(line)
  expect(readAgentLine(line).empty, 'and our own client reads it').toBe(false)
})

it('of a service that this node has not, nothing', () => {
  expect(answer('mail', WELL)).toBe('')
  expect(answer('')).toBe('')
})

it.each<[string, readonly Partial<AgentFact>[], string]>([
  ['one failed', [{}, { up: false, why: 'refused' }], 'ready up 100%\n'],
  [
    'all failed',
    [
      { up: false, why: 'a' },
      { up: false, why: 'b' },
      { up: false, why: 'a' },
    ],
    'ready down #a; b\n',
  ],
  ['one is drained', [{ admin: 'drain' }, { percent: 70 }, { percent: 90 }], 'ready up 70%\n'],
  ['what is not drained failed', [{ admin: 'drain' }, { up: false, why: 'a' }], 'ready down #a\n'],
  ['all are drained or stopped', [{ admin: 'maint' }, { admin: 'drain' }], 'drain up 100%\n'],
  ['all are stopped', [{ admin: 'maint' }, { admin: 'maint' }], 'maint up 100%\n'],
])('of a node as a whole, where %s', (_, all, line) => expect(answer('', ...all.map(fact))).toBe(line))

/** As the kernel of a little-endian machine has it. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B000B0A:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 0B000B0A:01BB 0100000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
`
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 000080FE00000000FF565EBEFEBC0A35:0019 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000B000B0A:0051 00000000000000000000000000000000:0000 0A 00000000:00000000
`
it.each([
  [80, ['10.11.0.11'], TCP, true],
  [80, ['10.11.0.12'], TCP, false],
  [80, ['10.11.0.12', '10.11.0.11'], TCP, true],
  [22, ['10.11.0.12'], TCP, true],
  [443, ['10.11.0.11'], TCP, false],
  [8080, ['10.11.0.11'], TCP6, true],
  [25, ['fe80::be5e:56ff:350a:bcfe'], TCP6, true],
  [25, ['fe80::1'], TCP6, false],
  [81, ['10.11.0.11'], TCP6, true],
])('port %i of %j: who listens is found in what the kernel says', (port, addresses, text, found) =>
  expect(listensIn(text, { protocol: 'tcp', port, addresses })).toBe(found),
)
