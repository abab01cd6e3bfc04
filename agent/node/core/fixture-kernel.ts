/** A kernel that does as it is told. */
import type { Config } from '@lvsm/model'
import { serviceKey } from '@lvsm/model'
import {
  type AnswerWay,
  natRulesText,
  type Observed,
  type ObservedService,
  type Operation,
  type OwnWay,
  type SyncDaemon,
} from '@lvsm/plan'

const LINKS = [
  { index: 1, name: 'lo', loopback: true, up: true },
  { index: 2, name: 'inside', loopback: false, up: true },
  { index: 3, name: 'outside', loopback: false, up: true },
]

const stateOf = (config: Config, name: string) => {
  const own = config.nodes.find((node) => node.name === name)?.links ?? []
  return {
    links: LINKS.slice(0, own.length + 1) as Link[],
    addresses: own.map((link) => ({
      index: link.name === 'inside' ? 2 : 3,
      address: link.address,
      prefix: 24,
      label: link.name,
    })) as Observed['addresses'][number][],
    defaults: [] as Observed['defaults'][number][],
    localRoutes: [] as NonNullable<Observed['localRoutes']>[number][],
    sysctls: new Map<string, string>(),
    services: [] as ObservedService[],
    ipvs: true,
    natRules: null as string | null,
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 } as NonNullable<Observed['timeouts']>,
    dropRules: [] as NonNullable<Observed['dropRules']>[number][],
    /** Undefined: this kernel tells of none. */
    syncDaemons: undefined as SyncDaemon[] | undefined,
  }
}

type Link = Observed['links'][number]
const tunnelOf = ({ name, device, remote }: Extract<Operation, { kind: 'tunnel-add' }>): Link => ({
  ...{ index: 99, name, loopback: false, up: true, note: 'lvsm' },
  tunnel: { kind: device, local: null, remote },
})

type OnService = Extract<Operation, { service: unknown }>

export class TestKernel {
  readonly state: ReturnType<typeof stateOf>
  /** Milliseconds until a call is answered. */
  callMs = 0
  /** Permanent entries of its neighbour table. */
  neighbours: NonNullable<Observed['neighbours']> = []
  /** Other entries of it, of those that are asked for. */
  macHolders: NonNullable<Observed['macHolders']> = []
  /** Address of a director → packets of its connection synchronisation. */
  syncHeard: Observed['syncHeard']
  /** To whom it has no way. */
  wayless: NonNullable<Observed['wayless']> = { none: [], rules: [], routes: [] }
  unanswerable: NonNullable<Observed['wayless']> = { none: [], rules: [], routes: [] }
  /** What the kernel says instead of an answer; empty: it answers. */
  unread = ''
  /** What the kernel says to an operation; empty: it does it. */
  refuses: (operation: Operation) => string = () => ''
  /** Modules that it says it lacks then; empty: it is for another reason. */
  missing: readonly string[] = []

  constructor(config: Config, name: string) {
    this.state = stateOf(config, name)
  }

  observe({
    sysctls: paths,
    services,
    neighbours,
    macs,
    ways,
    answering,
  }: {
    sysctls: readonly string[]
    services: boolean
    neighbours?: boolean
    macs?: readonly string[]
    ways?: readonly OwnWay[]
    answering?: readonly AnswerWay[]
  }): Observed {
    const { syncDaemons, ...state } = this.state
    return {
      ...state,
      ...(syncDaemons ? { syncDaemons: [...syncDaemons] } : {}),
      ...(this.syncHeard ? { syncHeard: this.syncHeard } : {}),
      ...(neighbours === true ? { neighbours: this.neighbours } : {}),
      ...(macs ? { macHolders: this.macHolders.filter(({ mac }) => macs.includes(mac)) } : {}),
      ...(ways ? { wayless: this.wayless } : {}),
      ...(answering ? { unanswerable: this.unanswerable } : {}),
      links: [...state.links],
      addresses: [...state.addresses],
      defaults: [...state.defaults],
      localRoutes: [...state.localRoutes],
      services: !services ? [] : state.ipvs ? [...state.services] : null,
      sysctls: new Map(paths.map((path) => [path, state.sysctls.get(path) ?? '7'])),
    }
  }

  apply(operation: Operation): unknown {
    const { state } = this
    switch (operation.kind) {
      case 'sysctl':
        return state.sysctls.set(operation.path, operation.value)
      case 'nat-rules':
        return (state.natRules = natRulesText(operation.needs))
      case 'timeouts':
        return (state.timeouts = operation.timeouts)
      case 'tunnel-add':
        state.addresses.push({ index: 99, address: '127.76.0.1', prefix: 32, label: operation.name })
        return state.links.push(tunnelOf(operation))
      case 'dummy-add':
        return state.links.push({
          index: 98,
          name: operation.name,
          loopback: false,
          up: true,
          note: 'lvsm',
          noArp: true,
        })
      case 'dummy-remove':
        return (state.links = state.links.filter(({ index }) => index !== operation.index))
      case 'local-route-add':
        return state.localRoutes.push({ address: operation.address, index: operation.index })
      case 'route-set':
        return state.defaults.push({ gateway: operation.gateway, index: operation.index, protocol: 76, metric: 0 })
      case 'route-remove':
        return (state.defaults = state.defaults.filter(({ gateway }) => gateway !== operation.gateway))
      case 'alias-add': {
        const { index, address, prefix, label } = operation
        return state.addresses.push({ index, address, prefix, label })
      }
      case 'alias-remove':
        return (state.addresses = state.addresses.filter(
          ({ address, index }) => address !== operation.address || index !== operation.index,
        ))
      case 'sync-start':
        return state.syncDaemons?.push(operation.daemon)
      case 'sync-stop':
        return (state.syncDaemons = state.syncDaemons?.filter((one) => one.state !== operation.daemon.state))
      case 'service-add':
        return state.services.push({ ...operation.service, spec: operation.spec, dests: [] })
      case 'service-remove':
        return (state.services = state.services.filter((one) => serviceKey(one) !== serviceKey(operation.service)))
      default:
        if ('service' in operation) return this.#edit(operation)
        throw new Error(operation.kind)
    }
  }

  /** Of a table that is there. */
  #edit(operation: OnService): void {
    const at = this.state.services.findIndex((service) => serviceKey(service) === serviceKey(operation.service))
    const service = this.state.services[at]
    if (service) this.state.services[at] = edited(service, operation)
  }
}

function edited(service: ObservedService, operation: OnService): ObservedService {
  const without = (address: string) => service.dests.filter((dest) => dest.address !== address)
  switch (operation.kind) {
    case 'service-edit':
      return { ...service, spec: operation.spec }
    case 'dest-add':
    case 'dest-edit': {
      const { dest } = operation
      const { active = 0, inactive = 0 } = service.dests.find(({ address }) => address === dest.address) ?? {}
      return { ...service, dests: [...without(dest.address), { active, inactive, ...dest }] }
    }
    case 'dest-remove':
    case 'dest-flush':
      return { ...service, dests: without(operation.address) }
    default:
      throw new Error(operation.kind)
  }
}
