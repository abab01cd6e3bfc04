import { expect, it } from 'vitest'
import { BUSY, Passwords } from './passwords.ts'

const QUICK = { n: 16, r: 1, p: 1 }

it('a password is known again, spelled the same, and no other is', async () => {
  const passwords = new Passwords(QUICK)
  const kept = await passwords.hash('Zoë is here')
  if (kept === BUSY) throw new Error('busy')
  expect(JSON.stringify(kept)).not.toContain('Zo')
  expect(kept).toMatchObject({ scheme: 'scrypt', ...QUICK })
  expect(await passwords.verify('Zoe\u0308 is here', kept)).toBe(true)
  expect(await passwords.verify('Zoe is here', kept)).toBe(false)
  expect(await passwords.verify('', null)).toBe(false)
  expect(await passwords.hash('Zoë is here')).not.toEqual(kept)
})

it('what was made at another price is known too', async () => {
  const kept = await new Passwords({ n: 32, r: 2, p: 2 }).hash('swordfish')
  expect(kept !== BUSY && (await new Passwords(QUICK).verify('swordfish', kept))).toBe(true)
})

it('by default costs what nobody guesses by the million, and takes no turn of the loop', async () => {
  const kept = await new Passwords().hash('swordfish')
  expect(kept).toMatchObject({ n: 32_768, r: 8, p: 3 })
})

it('of very many at once some are told to come again, and the others are answered', async () => {
  const passwords = new Passwords(QUICK)
  const all = await Promise.all(Array.from({ length: 100 }, () => passwords.verify('x', null)))
  expect(all.filter((one) => one === BUSY)).toHaveLength(66)
  expect(all.filter((one) => one === false)).toHaveLength(34)
  expect(await passwords.verify('x', null)).toBe(false)
})
