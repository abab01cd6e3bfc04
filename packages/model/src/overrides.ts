/** A realserver of a pool, as one service has it. */
interface Entry {
  readonly node?: string | undefined
  readonly address?: string | undefined
  port?: number | undefined
  readonly forward?: string | undefined
  gateway?: string | undefined
  route?: string | undefined
  tunnel?: string | undefined
  'tunnel-port'?: number | undefined
  placement?: string | undefined
  readonly weight?: number | undefined
}

/**
 * What the override says replaces what the pool says. Port, gateway, route, tunnel and placement belong to a forwarding method (nat changes
 * the port, and needs a gateway and a way there; tun has a tunnel, on whose devices the VIP may stand), so under another one those of the pool do not count.
 */
export function withOverride<T extends Entry>(entry: T, override: Entry | undefined): T {
  if (!override) return entry
  const copy = { ...entry }
  if (Object.hasOwn(override, 'forward') && override.forward !== entry.forward) {
    delete copy.port
    delete copy.gateway
    delete copy.route
    delete copy.tunnel
    delete copy['tunnel-port']
    delete copy.placement
  }
  if (Object.hasOwn(override, 'tunnel') && override.tunnel !== entry.tunnel) delete copy['tunnel-port']
  return Object.assign(copy, override)
}
