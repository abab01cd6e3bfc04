import { expect, it } from 'vitest'
import { refuseVersion } from './version.ts'

it('a newer meaning waits until the cluster has agreed on it', () => {
  expect(refuseVersion(2, 1, 2)).toMatchObject({
    code: 'not-finalized',
    hint: expect.stringContaining('lvsm cluster finalize'),
  })
  expect(refuseVersion(2, 2, 2)).toBeNull()
  expect(refuseVersion(1, 2, 2), 'an older one goes on').toBeNull()
  expect(refuseVersion(3, 3, 2), 'a node that stayed behind').toMatchObject({ code: 'model-too-new' })
})
it.each([Number.NaN, 0, -1, 1.5])('%d is no version', (version) =>
  expect(refuseVersion(version, 1)).toMatchObject({ code: 'bad-model-version' }),
)
