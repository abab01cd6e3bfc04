/** A permanent neighbour entry is named where who lives behind it does not get what is sent to it, and nowhere else. */
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const ENTRY = { address: '10.11.0.11', mac: '02:00:00:00:00:99', index: 3 }

/** dir1, which owns web; its checks of rs1 end so. */
function director(reason: string): TestNode {
  const dir1 = node('dir1')
  dir1.kern.neighbours = [ENTRY, { ...ENTRY, address: '10.11.0.12' }]
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  dir1.silentChecks = true
  dir1.take('check')
  for (let ms = 0; ms < 6000; ms += 100) {
    goesOn(dir1, 100, statusOf('dir1', 'dir1'))
    for (const { id, address } of dir1.take('check'))
      dir1.feed({
        kind: 'checked',
        id,
        ok: address !== ENTRY.address,
        reason: address === ENTRY.address ? reason : 'ok',
      })
  }
  return dir1
}
const said = (one: TestNode) =>
  one.core.status(one.now()).troubles.filter(({ code, node: by }) => code === 'fixed-neighbour' && by === one.name)
function says(dir1: TestNode, from: string, more: Partial<StateMessage>): void {
  const text = encodeMessage({
    ...{ kind: 'state', boot: from, revision: 1, agreement: agreementDigests(dir1.config), state: 'standby' },
    ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [], ...more },
  })
  dir1.feed({ kind: 'message', from, text })
  goesOn(dir1, 1000, statusOf('dir1', 'dir1'))
}

const KEY = '10.11.0.11:80'

test('whose check has no answer although its node is heard: a warning, with the entry and what was seen', () => {
  const dir1 = director('no answer within 300 ms')
  expect(said(dir1)).toMatchObject([
    {
      severity: 'warning',
      message: `what dir1 sends to rs1 (10.11.0.11) goes to ${ENTRY.mac} on outside by a permanent neighbour entry, and nothing at that address answers this node`,
      evidence: `ip neigh: 10.11.0.11 dev outside lladdr ${ENTRY.mac} PERMANENT; heartbeats to rs1 over link outside go there, too; its check in http: no answer within 300 ms`,
      hint: 'on dir1: ip neigh del 10.11.0.11 dev outside, where rs1 has another MAC (there: ip link), and take it from whatever makes it; else see to the server',
    },
  ])
  says(dir1, 'dir2', { failed: {} })
  expect(said(dir1)[0]?.hint).not.toContain('switchover')
})

test('who says besides that nothing comes from here: critical, and a switchover where another director reaches it', () => {
  const dir1 = director('no answer within 300 ms')
  const message = 'over the heartbeat link outside nothing comes from dir1 to rs1, but over another one'
  const link = dir1.config.nodes.find(({ name }) => name === 'rs1')?.links.find(({ name }) => name === 'outside')
  expect(link?.address).toBe(ENTRY.address)
  says(dir1, 'rs1', { troubles: [{ code: 'link-silent', severity: 'warning', object: 'link outside', message }] })
  expect(said(dir1)).toMatchObject([
    {
      severity: 'critical',
      message: `what dir1 sends to rs1 (10.11.0.11) goes to ${ENTRY.mac} on outside by a permanent neighbour entry, and is not answered`,
      hint: 'on dir1: ip neigh del 10.11.0.11 dev outside, and take it from whatever makes it',
    },
  ])
  says(dir1, 'dir2', { failed: {} })
  expect(said(dir1)[0]?.hint).toMatch(/; until then: lvsm switchover web dir2$/)
  says(dir1, 'dir2', { failed: { http: [KEY] } })
  expect(said(dir1)[0]?.hint).not.toContain('switchover')
  says(dir1, 'dir2', { failed: {}, ready: { web: 'it has no IPVS' } })
  expect(said(dir1)[0]?.hint).not.toContain('switchover')
  dir1.kern.neighbours = []
  goesOn(dir1, 2000, statusOf('dir1', 'dir1'))
  expect(said(dir1)).toEqual([])
})

test('an entry that is right says nothing, nor one of whom is refused, or not heard', () => {
  expect(said(director('connection refused: nothing listens there, or a packet filter rejects it'))).toEqual([])
  expect(said(director('accepts connections, but does not answer the request within 300 ms'))).toEqual([])
  expect(said(director('no route, or no answer to ARP'))).toEqual([])
  const dir1 = director('no answer within 300 ms')
  const status = statusOf('dir1', 'dir1')
  const peers = status.peers.map((peer) => (peer.name === 'rs1' ? { ...peer, life: 'dead' as const } : peer))
  goesOn(dir1, 2000, { ...status, peers })
  expect(said(dir1)).toEqual([])
})

test('who says that nothing comes from here over that link does not get it either', () => {
  const dir1 = director('ok')
  const link = dir1.config.nodes.find(({ name }) => name === 'dir2')?.links[0]
  dir1.kern.neighbours = [{ ...ENTRY, address: link?.address ?? '' }]
  const message = `over the heartbeat link ${link?.name} nothing comes from dir1 to dir2, but over another one`
  says(dir1, 'dir2', {
    troubles: [{ code: 'link-silent', severity: 'warning', object: `link ${link?.name}`, message }],
  })
  expect(said(dir1)).toMatchObject([
    { evidence: expect.stringContaining(`dir2 hears nothing of dir1 over link ${link?.name}`) },
  ])
})

test('nobody reads the table while nothing is wrong', () => {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 5000, statusOf('dir1', 'dir1'))
  expect(dir1.take('observe').filter(({ neighbours }) => neighbours)).toEqual([])
})

test('where more time brought an answer, it leads to who answers', () => {
  expect(said(director('no answer within 300 ms: a second question was answered after 1.4 s: a slow way'))).toEqual([])
})

test('what follows from a permanent entry is no trouble of its own: who does not hear this node, and what it alone finds failed', () => {
  const says = (node: string, code: string, object: string, message: string, evidence = '') => ({
    ...{ node, severity: 'warning', code, object, message, evidence },
  })
  const entry = says(
    'dir2',
    'fixed-neighbour',
    'interface inside',
    'what dir2 sends to rs3 (10.12.0.13) goes to 02:00:00:00:00:77 on inside by a permanent neighbour entry, and nothing at that address answers this node',
    'ip neigh: 10.12.0.13 dev inside lladdr 02:00:00:00:00:77 PERMANENT; heartbeats to rs3 over link inside go there, too',
  )
  const deaf = says('rs3', 'heard-by-others', 'node dir2', 'rs3 does not hear dir2, which dir1 heard', SHARED)
  const oneWay = says('dir2', 'one-way', 'node rs3', 'rs3 does not hear dir2, which hears it', SHARED)
  const differs = says(
    'dir2',
    'verdicts-differ',
    'service http',
    'dir2 finds rs3 of http failed, and dir1, which owns web, does not',
  )
  expect(withoutEchoes([entry, deaf, oneWay, differs])).toEqual([entry])
  const others = says('rs1', 'heard-by-others', 'node dir2', 'rs1 does not hear dir2, which dir1 heard', SHARED)
  expect(withoutEchoes([entry, others])).toEqual([entry, others])
  expect(withoutEchoes([deaf, oneWay, differs])).toHaveLength(3)
})
const SHARED = 'heartbeat links of both: inside'
