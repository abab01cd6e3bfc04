/** How long a realserver that failed may stay: where that would harm. */
import { expect, it } from 'vitest'
import { edited, refusalsOf } from '../fixture.ts'

const lingering = (long: string, scheduler = 'wrr', protocol = 'tcp'): string =>
  edited(
    ['rise: 2', `rise: 2, down-linger: ${long}`],
    ...(scheduler === 'wrr' ? [] : ([['scheduler: wrr', `scheduler: ${scheduler}`]] as const)),
    ...(protocol === 'tcp' ? [] : ([['protocol: tcp', `protocol: ${protocol}`]] as const)),
  )

it('a second to a day', () => {
  expect([refusalsOf(lingering('1s')), refusalsOf(lingering('24h'))]).toEqual([[], []])
  expect(refusalsOf(lingering('500ms'))[0]).toMatch(/impossible-timing down-linger 500ms is under 1s → write 1s to 24h/)
  expect(refusalsOf(lingering('2d'))[0]).toMatch(/impossible-timing down-linger 2d is above 1d/)
})
it('not where nobody lingers at weight 0', () => {
  expect(refusalsOf(lingering('1m', 'dh')).join()).toMatch(/linger-refuses .*the scheduler dh/)
  expect(refusalsOf(lingering('1m', 'sh'))).toEqual([])
})
it('not where connections never end', () => {
  expect(refusalsOf(lingering('1m', 'wrr', 'udp')).join()).toMatch(/linger-without-connections clients of UDP/)
})
