import { ownLabel } from '@lvsm/base'
import { inNamespace, NETLINK, watchNetlink } from '@lvsm/kernel'
import { type Message, rtnetlink as rt } from '@lvsm/netlink'
import { describe, expect, it } from 'vitest'
import { space, run, ip, ipJson, value, all, wait, route, index } from './space.ts'

describe('rtnetlink on the real kernel', () => {
  it('is in the namespace only while it should be', () => {
    expect(() => inNamespace('no-such-namespace', () => 0)).toThrow(/ENOENT/)
    const names = inNamespace(space, () => run('ip', '-o', 'link'))
    expect(names).toContain('left')
    expect(run('ip', '-o', 'link')).not.toContain('left@')
  })

  it('reads links as ip does', () => {
    const ours = all(route.dump(rt.dumpLinks()), rt.decodeLink).map(({ index, name, mac, mtu, operstate }) => ({
      index,
      name,
      mac,
      mtu,
      operstate,
    }))
    const theirs = ipJson('link show').map((link) => ({
      index: link.ifindex,
      name: link.ifname,
      mac: link.address,
      mtu: link.mtu,
      operstate: String(link.operstate).toLowerCase(),
    }))
    expect(ours).toEqual(theirs)
    expect(value(rt.decodeLink(route.request([rt.getLink('left')])[0]?.data[0] as Message)).kind).toBe('veth')
    expect(route.request([rt.getLink('absent')])[0]).toMatchObject({ code: 'ENODEV' })
  })

  it('adds, refreshes and removes an address, each with its own answer', () => {
    const spec = {
      index,
      local: '10.11.0.10',
      prefix: 24,
      label: ownLabel('left'),
      protocol: 76,
      validSeconds: 10,
      preferredSeconds: 10,
    }
    const replies = route.request([
      rt.newAddress(spec),
      rt.newAddress(spec),
      rt.replaceAddress({ ...spec, validSeconds: 30 }),
      rt.deleteAddress({ ...spec, local: '10.11.0.99' }),
    ])
    expect(replies.map(({ code }) => code)).toEqual(['OK', 'EEXIST', 'OK', 'EADDRNOTAVAIL'])
    const theirs = (ipJson('addr show dev left')[0]?.addr_info as Record<string, unknown>[] | undefined)?.find(
      (entry) => entry.local === '10.11.0.10',
    )
    expect(theirs).toMatchObject({ prefixlen: 24, label: 'left:lvsm', dynamic: true, scope: 'global' })
    expect(theirs?.valid_life_time).toBeGreaterThan(27)
    const ours = all(route.dump(rt.dumpAddresses()), rt.decodeAddress).find((entry) => entry.local === '10.11.0.10')
    expect(ours).toMatchObject({ index, prefix: 24, label: 'left:lvsm', protocol: 76, peer: '10.11.0.10' })
    expect(ours?.validSeconds).toBe(30)
    expect(route.apply([rt.deleteAddress(spec)])).toBeUndefined()
    expect(JSON.stringify(ipJson('addr show dev left'))).not.toContain('10.11.0.10')
  })

  it('reads addresses that ip wrote', () => {
    ip('addr add 10.11.0.1/24 brd 10.11.0.255 dev left')
    ip('addr add 10.11.0.10/32 dev lo label lo:lvsm')
    const ours = all(route.dump(rt.dumpAddresses(2, index)), rt.decodeAddress)
    expect(ours).toHaveLength(1)
    expect(ours[0]).toMatchObject({
      local: '10.11.0.1',
      broadcast: '10.11.0.255',
      prefix: 24,
      validSeconds: rt.FOREVER,
      flags: rt.ADDRESS_FLAG.permanent,
    })
    expect(all(route.dump(rt.dumpAddresses(2, 1)), rt.decodeAddress).map(({ label }) => label)).toContain('lo:lvsm')
    expect(all(route.dump(rt.dumpAddresses(10)), rt.decodeAddress).every(({ local }) => local.includes(':'))).toBe(true)
  })

  it('adds, replaces, finds and removes routes', () => {
    const spec = { destination: '10.77.0.0', prefix: 16, gateway: '10.11.0.254', oif: index, protocol: 76 }
    const codes = route.request([
      rt.newRoute(spec),
      rt.newRoute(spec),
      rt.replaceRoute({ ...spec, gateway: '10.11.0.253', metrics: { advmss: 1440 } }),
    ])
    expect(codes.map(({ code }) => code)).toEqual(['OK', 'EEXIST', 'OK'])
    const theirs = ipJson('route show 10.77.0.0/16')
    expect(theirs).toHaveLength(1)
    expect(theirs[0]).toMatchObject({
      gateway: '10.11.0.253',
      dev: 'left',
      protocol: '76',
      metrics: [{ advmss: 1440 }],
    })
    const got = route.request([rt.getRoute({ destination: '10.77.1.1' })])[0]
    expect(value(rt.decodeRoute(got?.data[0] as Message))).toMatchObject({
      gateway: '10.11.0.253',
      oif: index,
      preferredSource: '10.11.0.1',
    })
    expect(route.request([rt.getRoute({ destination: '8.8.8.8' })])[0]).toMatchObject({ code: 'ENETUNREACH' })
    expect(
      route
        .request([rt.deleteRoute({ ...spec, gateway: '10.11.0.253' }), rt.deleteRoute(spec)])
        .map(({ code }) => code),
    ).toEqual(['OK', 'ESRCH'])
  })

  it('writes default routes, tables above 255 and blackholes', () => {
    expect(
      route.apply([
        rt.newRoute({ destination: '0.0.0.0', prefix: 0, gateway: '10.11.0.254', protocol: 76 }),
        rt.newRoute({
          destination: '0.0.0.0',
          prefix: 0,
          gateway: '10.11.0.254',
          table: 1076,
          protocol: 76,
          preferredSource: '10.11.0.1',
        }),
        rt.newRoute({ destination: '10.99.0.0', prefix: 16, type: rt.ROUTE_TYPE.blackhole, priority: 9, protocol: 76 }),
      ]),
    ).toBeUndefined()
    expect(ipJson('route show table 1076')).toMatchObject([
      { dst: 'default', gateway: '10.11.0.254', prefsrc: '10.11.0.1' },
    ])
    expect(ipJson('route show type blackhole')).toMatchObject([{ dst: '10.99.0.0/16', metric: 9 }])
    const ours = all(route.dump(rt.dumpRoutes({ table: 1076 })), rt.decodeRoute)
    expect(ours).toMatchObject([
      { destination: '0.0.0.0', prefix: 0, table: 1076, protocol: 76, preferredSource: '10.11.0.1' },
    ])
    expect(route.dump(rt.dumpRoutes({ protocol: 76 }))).toHaveLength(3)
  })

  it('hears address, link and route events, also those of others', async () => {
    const heard: string[] = []
    const watch = inNamespace(space, () =>
      watchNetlink(NETLINK.route, [rt.GROUP.link, rt.GROUP.addressV4, rt.GROUP.routeV4], {
        heard: (message) => {
          const event = value(rt.decodeEvent(message))
          if (event.kind === 'address') heard.push(`${event.change} ${event.address.local}`)
          if (event.kind === 'link') heard.push(`${event.link.name} ${event.link.up ? 'up' : 'down'}`)
          if (event.kind === 'route') heard.push(`${event.change} ${event.route.destination}/${event.route.prefix}`)
        },
        lost: (errno) => heard.push(`lost ${errno}`),
      }),
    )
    ip('addr add 10.55.0.1/24 dev left')
    ip('addr del 10.55.0.1/24 dev left')
    ip('link set right down')
    ip('link set right up')
    await wait(() => heard.includes('right up'))
    watch.close()
    expect(heard).toEqual(
      expect.arrayContaining(['new 10.55.0.1', 'new 10.55.0.0/24', 'deleted 10.55.0.1', 'right down', 'right up']),
    )
  })
})
