import { expect, it } from 'vitest'
import { beginsBetween, MODEL_VERSION, refuseFinalize, refuseVersion } from './version.ts'

it('a newer meaning waits until the cluster has agreed on it', () => {
  expect(refuseVersion(2, 1, 2)).toMatchObject({
    code: 'not-finalized',
    hint: expect.stringContaining('lvsm cluster finalize'),
  })
  expect(refuseVersion(2, 2, 2)).toBeNull()
  expect(refuseVersion(1, 2, 2), 'an older one goes on').toBeNull()
  expect(refuseVersion(3, 3, 2), 'a node that stayed behind').toMatchObject({ code: 'model-too-new' })
})
it('the cluster agrees on what is known, and never on less than before', () => {
  expect(refuseFinalize(2, 1, 2)).toBeNull()
  expect(refuseFinalize(2, 2, 2), 'once more').toBeNull()
  expect(refuseFinalize(1, 2, 2)).toMatchObject({ code: 'finalized-already' })
  expect(refuseFinalize(3, 2, 2)).toMatchObject({ code: 'model-too-new' })
})
it('says of each version that begins what it means', () => {
  expect(beginsBetween(0, MODEL_VERSION)).toHaveLength(MODEL_VERSION)
  expect(beginsBetween(MODEL_VERSION, MODEL_VERSION)).toEqual([])
})
it.each([Number.NaN, 0, -1, 1.5])('%d is no version', (version) =>
  expect(refuseVersion(version, 1)).toMatchObject({ code: 'bad-model-version' }),
)
