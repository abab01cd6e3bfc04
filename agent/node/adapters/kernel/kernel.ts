/** The kernel of this node: what it says, and what it is told, by netlink and /proc/sys. */
import { NETLINK, oncePerTurn, openNetlink, watchNetlink } from '@lvsm/kernel'
import { type Decoded, type Message, nftables, rtnetlink } from '@lvsm/netlink'
import { ALIAS_LABEL, type Observed, type Operation, OUR_PROTOCOL } from '../../core/index.ts'
import type { Kernel } from '../../ports.ts'
import { openGuard } from './guard.ts'
import { openTable } from './ipvs.ts'
import { remembered } from './remembered.ts'
import { readSysctl, writeSysctl } from './sysctl.ts'

const LOOPBACK = 772

export function openKernel(): Kernel {
  const route = openNetlink(NETLINK.route)
  const table = openTable()
  const guard = openGuard()
  const all = <T>(request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
    route.dump(request).flatMap((message) => {
      const decoded = decode(message)
      return decoded.ok ? [decoded.value] : []
    })
  const watches: { close(): void }[] = []
  const clock = (): number => performance.now()
  const ground = remembered(
    () => ({
      links: all(rtnetlink.dumpLinks(), rtnetlink.decodeLink).map(({ index, name, hardware, up, carrier }) => ({
        index,
        name,
        loopback: hardware === LOOPBACK,
        up: up && carrier,
      })),
      addresses: all(rtnetlink.dumpAddresses(), rtnetlink.decodeAddress).map(({ index, local, prefix, label }) => ({
        index,
        address: local,
        prefix,
        label,
      })),
      defaults: all(rtnetlink.dumpRoutes({ table: rtnetlink.TABLE.main }), rtnetlink.decodeRoute)
        .filter(
          (entry) =>
            entry.prefix === 0 && entry.table === rtnetlink.TABLE.main && entry.type === rtnetlink.ROUTE_TYPE.unicast,
        )
        .map((entry) => ({
          gateway: entry.gateway ?? null,
          index: entry.oif ?? 0,
          protocol: entry.protocol,
          metric: entry.priority,
        })),
    }),
    clock,
  )
  const rules = remembered(() => guard.observe(), clock)
  const forget = (): void => {
    ground.forget()
    rules.forget()
  }

  return {
    observe({ sysctls, services }): Observed {
      if (watches.length === 0) forget()
      return {
        ...ground.get(),
        sysctls: new Map(sysctls.map((path) => [path, readSysctl(path)])),
        services: services ? table.observe() : [],
        guard: rules.get(),
      }
    },
    apply(operations) {
      forget()
      return operations.flatMap((operation) => {
        const message = carryOut(operation)
        return message === null ? [] : [{ operation, message }]
      })
    },
    watch(changed) {
      const { GROUP } = rtnetlink
      // The fence of the lease process, and what we loaded ourselves, are no news.
      const rulesChanged = oncePerTurn(() => {
        const before = rules.known()
        rules.forget()
        // After operations of ours a look is due anyway.
        if (before !== undefined && !stands(before)) changed()
      })
      const stands = (before: string | null): boolean => {
        try {
          return rules.get() === before
        } catch {
          return false
        }
      }
      const groundLost = (): void => {
        ground.forget()
        changed()
      }
      watches.push(
        watchNetlink(NETLINK.route, [GROUP.link, GROUP.addressV4, GROUP.routeV4], {
          heard: (message) => {
            ground.forget()
            if (matters(message)) changed()
          },
          lost: groundLost,
        }),
        watchNetlink(
          NETLINK.netfilter,
          [nftables.GROUP],
          { heard: rulesChanged, lost: rulesChanged },
          nftables.STRUCTURE_ONLY,
        ),
      )
    },
    close() {
      for (const part of [...watches, route, table, guard]) part.close()
    },
  }

  function carryOut(operation: Operation): string | null {
    switch (operation.kind) {
      case 'sysctl':
        return writeSysctl(operation.path, operation.value)
      case 'guard':
        return guard.load(operation.needs)
      case 'route-set':
        return told(
          rtnetlink.replaceRoute({
            destination: '0.0.0.0',
            prefix: 0,
            gateway: operation.gateway,
            oif: operation.index,
            protocol: OUR_PROTOCOL,
          }),
        )
      case 'route-remove':
        return told(
          rtnetlink.deleteRoute({
            destination: '0.0.0.0',
            prefix: 0,
            ...(operation.gateway === null ? {} : { gateway: operation.gateway }),
            oif: operation.index,
            protocol: operation.protocol,
          }),
        )
      case 'alias-add':
        // Scope host: never chosen as the source of what this node says by itself.
        return told(
          rtnetlink.newAddress({
            index: operation.index,
            local: operation.address,
            prefix: operation.prefix,
            label: operation.label,
            scope: rtnetlink.SCOPE.host,
          }),
        )
      case 'alias-remove':
        return told(
          rtnetlink.deleteAddress({
            index: operation.index,
            local: operation.address,
            prefix: operation.prefix,
            label: operation.label,
          }),
        )
      default:
        return table.apply(operation)
    }
  }
  function told(message: Uint8Array): string | null {
    return route.apply([message])?.message ?? null
  }
}

/** The lease process refreshes its addresses all the time; only what this process answers for is worth a look. */
function matters(message: Message): boolean {
  const decoded = rtnetlink.decodeEvent(message)
  if (!decoded.ok) return true
  const event = decoded.value
  if (event.kind === 'address') return event.address.label === ALIAS_LABEL || !event.address.label.endsWith(':lvsm')
  if (event.kind === 'route') return event.route.prefix === 0
  return event.kind === 'link'
}
