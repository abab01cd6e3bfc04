import { agreementDigests } from '@lvsm/model'
import { encodeMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf } from './fixture.ts'

test('many that do not hear a node, which hears them, are one trouble of it', () => {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 7000, statusOf('dir1', 'dir1'))
  const said = {
    ...{ kind: 'state' as const, revision: 1, agreement: agreementDigests(dir1.config), state: 'standby' as const },
    ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [], unheard: ['dir1'] },
  }
  for (let second = 0; second < 12; second++) {
    for (const from of ['dir2', 'rs1', 'rs2', 'rs3'])
      dir1.feed({ kind: 'message', from, text: encodeMessage({ ...said, boot: from }) })
    goesOn(dir1, 1000, statusOf('dir1', 'dir1'))
  }
  const { troubles } = dir1.core.status(dir1.now())
  expect(troubles.filter(({ code, node: by }) => code === 'one-way' && by === 'dir1')).toMatchObject([
    { object: 'node dir1', message: expect.stringMatching(/^dir2, rs1, .* do not hear dir1, which hears them/) },
  ])
})
