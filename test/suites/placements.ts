/**
 * What VIPs of a realserver stand on beside lo, on a kernel as an agent meets it: the real one, and the simulated one. Whoever has no
 * dummy devices says so, and is asked to refuse them in words.
 */
import { MARKS, ownLabel } from '@lvsm/base'
import type { Observed, Operation } from '@lvsm/plan'
import { afterEach, beforeEach, expect, test } from 'vitest'

export interface PlacementSubject {
  apply(operation: Operation): string | null
  observe(): Observed
  readonly hasDummies: boolean
  close(): void
}

const VIPS = ['10.55.8.10', '2001:db8:55::10'] as const

export function placementSuite(make: () => PlacementSubject): void {
  let subject: PlacementSubject
  beforeEach(() => {
    subject = make()
  })
  afterEach(() => subject.close())
  const lo = (): number => subject.observe().links.find(({ loopback }) => loopback)?.index ?? 0
  const routes = (): string[] => (subject.observe().localRoutes ?? []).map(({ address }) => address)
  const dummy = () => subject.observe().links.find(({ name }) => name === MARKS.vipDevice)
  const on = (index: number): string[] =>
    subject
      .observe()
      .addresses.filter((one) => one.index === index && VIPS.some((vip) => vip === one.address))
      .map(({ address, prefix, label }) => `${address}/${prefix} ${label}`)
  const alias = (address: string, index: number, name: string) =>
    ({ address, prefix: address.includes(':') ? 128 : 32, index, label: ownLabel(name) }) as const

  test.each(VIPS)('a local route to %s is told, is there once, and goes', (address) => {
    const route = { address, index: lo() }
    expect(subject.apply({ kind: 'local-route-add', ...route })).toBeNull()
    expect(subject.observe().localRoutes).toEqual([route])
    expect(on(lo()), 'it is no address').toEqual([])
    expect(subject.apply({ kind: 'local-route-add', ...route })).toMatch(/EEXIST|exists already/)
    expect(subject.apply({ kind: 'local-route-remove', ...route })).toBeNull()
    expect(routes()).toEqual([])
    expect(subject.apply({ kind: 'local-route-remove', ...route })).toMatch(/ESRCH|no such entry/)
  })

  test.each(VIPS)('%s goes from lo to a route and back, each beside the other for a moment', (address) => {
    const route = { address, index: lo() }
    const here = alias(address, lo(), 'lo')
    expect(subject.apply({ kind: 'alias-add', ...here })).toBeNull()
    expect(routes(), 'the kernel’s own route of an address is none of ours').toEqual([])
    expect(subject.apply({ kind: 'local-route-add', ...route })).toBeNull()
    expect([on(lo()).length, routes()]).toEqual([1, [address]])
    expect(subject.apply({ kind: 'alias-remove', ...here })).toBeNull()
    expect([on(lo()), routes()]).toEqual([[], [address]])
    expect(subject.apply({ kind: 'alias-add', ...here })).toBeNull()
    expect(subject.apply({ kind: 'local-route-remove', ...route })).toBeNull()
    expect([on(lo()).length, routes()]).toEqual([1, []])
    expect(subject.apply({ kind: 'alias-remove', ...here })).toBeNull()
  })

  test('a dummy device is ours by its note, has both families, and takes what is on it along', () => {
    const made = subject.apply({ kind: 'dummy-add', name: MARKS.vipDevice })
    if (!subject.hasDummies) {
      expect([made, dummy()]).toEqual([expect.stringMatching(/is the module dummy there/), undefined])
      return
    }
    expect(made).toBeNull()
    const { index = 0, ...link } = dummy() ?? {}
    expect(link).toMatchObject({ loopback: false, up: true, note: MARKS.deviceNote, noArp: true })
    expect(
      subject.observe().addresses.filter((one) => one.index === index),
      'none of its own',
    ).toEqual([])
    expect(subject.apply({ kind: 'dummy-add', name: MARKS.vipDevice })).toMatch(/EEXIST|exists already/)
    const [vip, vip6] = [alias(VIPS[0], index, MARKS.vipDevice), alias(VIPS[1], index, MARKS.vipDevice)]
    expect([vip, vip6].map((one) => subject.apply({ kind: 'alias-add', ...one }))).toEqual([null, null])
    expect(on(index)).toEqual([`${VIPS[0]}/32 lvsm-vips:lvsm`, `${VIPS[1]}/128 lvsm-vips:lvsm`])
    expect(subject.apply({ kind: 'dummy-up', name: MARKS.vipDevice, index })).toBeNull()
    expect(subject.apply({ kind: 'dummy-remove', name: MARKS.vipDevice, index })).toBeNull()
    expect([dummy(), on(index)]).toEqual([undefined, []])
    expect(subject.apply({ kind: 'dummy-remove', name: MARKS.vipDevice, index })).toMatch(
      /ENODEV|no such network interface/,
    )
  })
}
