/** For this room's tests: a node under virtual time, and a kernel that does as it is told. */
import { instant, type Instant } from '@lvsm/base'
import { checkConfig, type Config, SAMPLE, serviceKey } from '@lvsm/model'
import { guardPrint, type Observed, type ObservedService, type Operation, NOTHING_OWNED } from '@lvsm/plan'
import { createNodeCore, type NodeCore, type NodeEffect, type NodeInput, type OwnershipStatus } from './index.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}

/** A kernel that does as it is told. */
function kernel(config: Config, name: string) {
  const links = [
    { index: 1, name: 'lo', loopback: true, up: true },
    { index: 2, name: 'inside', loopback: false, up: true },
    { index: 3, name: 'outside', loopback: false, up: true },
  ]
  const own = config.nodes.find((node) => node.name === name)?.links ?? []
  const state = {
    links: links.slice(0, own.length + 1),
    addresses: own.map((link) => ({
      index: link.name === 'inside' ? 2 : 3,
      address: link.address,
      prefix: 24,
      label: link.name,
    })) as Observed['addresses'][number][],
    defaults: [] as Observed['defaults'][number][],
    sysctls: new Map<string, string>(),
    services: [] as ObservedService[],
    ipvs: true,
    guard: null as string | null,
  }
  return {
    state,
    callMs: 0,
    /** What the kernel says instead of an answer; empty: it answers. */
    unread: '',
    /** What the kernel says to an operation; empty: it does it. */
    refuses: (_operation: Operation): string => '',
    observe: ({ sysctls: paths, services }: { sysctls: readonly string[]; services: boolean }): Observed => ({
      ...state,
      links: [...state.links],
      addresses: [...state.addresses],
      defaults: [...state.defaults],
      services: !services ? [] : state.ipvs ? [...state.services] : null,
      sysctls: new Map(paths.map((path) => [path, state.sysctls.get(path) ?? '7'])),
    }),
    apply(operation: Operation) {
      const at =
        'service' in operation
          ? state.services.findIndex((service) => serviceKey(service) === serviceKey(operation.service))
          : -1
      const service = state.services[at]
      const put = (dests: ObservedService['dests']) => {
        if (service) state.services[at] = { ...service, dests }
      }
      switch (operation.kind) {
        case 'sysctl':
          return state.sysctls.set(operation.path, operation.value)
        case 'guard':
          return (state.guard = guardPrint(operation.needs))
        case 'service-add':
          return state.services.push({ ...operation.service, scheduler: operation.scheduler, dests: [] })
        case 'service-edit':
          if (service) state.services[at] = { ...service, scheduler: operation.scheduler }
          return service
        case 'dest-add':
        case 'dest-edit': {
          const old = service?.dests.find((dest) => dest.address === operation.dest.address)
          return put([
            ...(service?.dests ?? []).filter((dest) => dest !== old),
            { active: 0, inactive: 0, ...old, ...operation.dest },
          ])
        }
        case 'dest-remove':
        case 'dest-flush':
          return put((service?.dests ?? []).filter((dest) => dest.address !== operation.address))
        case 'route-set':
          return state.defaults.push({ gateway: operation.gateway, index: operation.index, protocol: 76, metric: 0 })
        case 'alias-add':
          return state.addresses.push(operation)
        default:
          throw new Error(operation.kind)
      }
    },
  }
}

/** Who answers pings in every test that does not say otherwise: all of the sample. */
const ANSWERING = new Set(['10.11.0.100'])

/** One node under virtual time; `alive` answers checks, `answering` pings. A call into its kernel takes `kern.callMs`. */
export function node(
  name: string,
  alive: Set<string> = new Set(['10.11.0.11', '10.11.0.12', '10.12.0.13']),
  text = SAMPLE,
  configured = true,
  wall = (at: Instant): string => String(Math.round(at)).padStart(9, '0'),
) {
  const config = configOf(text)
  const answering = new Set(ANSWERING)
  const kern = kernel(config, name)
  let now = instant(1000)
  let wakeAt: Instant = now
  const seen: NodeEffect[] = []
  const core: NodeCore = createNodeCore({
    node: name,
    record: NOTHING_OWNED,
    boot: name,
    startedAt: now,
    wall,
  })
  const inbox: NodeInput[] = []
  let first: NodeInput | null = configured ? { kind: 'config', config, secrets: new Map() } : null
  /** The configuration comes before everything else, but not before the test has said how the world is. */
  const feed = (input: NodeInput): void => {
    const config = first
    first = null
    if (config) feed(config)
    inbox.push(input)
    if (inbox.length > 1) return
    for (let next = inbox[0]; next; next = inbox[0]) {
      for (const effect of core.step(next, now)) carry(effect)
      inbox.shift()
    }
  }
  const calls: { readonly at: number; readonly input: NodeInput }[] = []
  const answer = (input: NodeInput): void => {
    if (kern.callMs === 0) inbox.push(input)
    else calls.push({ at: now + kern.callMs, input })
  }
  const carry = (effect: NodeEffect): void => {
    seen.push(effect)
    if (effect.kind === 'wake') wakeAt = effect.at
    if (effect.kind === 'observe')
      answer(
        kern.unread === ''
          ? { kind: 'observed', observed: kern.observe(effect) }
          : { kind: 'observe-failed', error: kern.unread },
      )
    if (effect.kind === 'apply') {
      const failures = effect.operations.flatMap((operation) => {
        const message = kern.refuses(operation)
        if (message === '') kern.apply(operation)
        return message === '' ? [] : [{ operation, message }]
      })
      answer({ kind: 'applied', failures })
    }
    if (effect.kind === 'ping') {
      inbox.push({ kind: 'pinged', unsent: [] })
      for (const { address } of effect.targets)
        if (answering.has(address)) inbox.push({ kind: 'ping-answered', address, round: effect.round })
    }
    if (effect.kind === 'check' && !one.silentChecks)
      inbox.push({
        kind: 'checked',
        id: effect.id,
        ok: alive.has(effect.address),
        reason: alive.has(effect.address) ? 'connected' : 'refused',
      })
  }
  const next = (): number => Math.min(wakeAt, calls[0]?.at ?? wakeAt)
  const run = (ms: number): void => {
    const end = now + ms
    if (first) feed({ kind: 'wake' })
    for (let at = next(); at <= end; at = next()) {
      now = instant(Math.max(now, at))
      feed((calls[0]?.at ?? end + 1) <= now ? (calls.shift()?.input as NodeInput) : { kind: 'wake' })
    }
    now = instant(end)
  }
  const take = <K extends NodeEffect['kind']>(kind: K): Extract<NodeEffect, { kind: K }>[] => {
    const found = seen.filter((effect): effect is Extract<NodeEffect, { kind: K }> => effect.kind === kind)
    for (const effect of found) seen.splice(seen.indexOf(effect), 1)
    return found
  }
  const one = { name, config, kern, core, feed, run, take, alive, answering, now: () => now, silentChecks: false }
  return one
}

export const statusOf = (self: string, owner: string | null, number = 1): OwnershipStatus => ({
  node: self,
  quarantineMs: 0,
  counters: {},
  troubles: [],
  standby: false,
  quorum: true,
  groups: [{ name: 'web', role: owner === self ? 'owner' : 'standby', owner, number, leftMs: 300, reason: 'as it is' }],
  peers: ['dir1', 'dir2', 'rs1', 'rs2', 'rs3']
    .filter((name) => name !== self)
    .map((name) => ({ name, life: 'alive', silentMs: 10, standby: false })),
})
export const dests = (one: ReturnType<typeof node>) =>
  Object.fromEntries((one.kern.state.services[0]?.dests ?? []).map((dest) => [dest.address, dest.weight]))
