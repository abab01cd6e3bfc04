/** Nodes in whose kernels something of ours stands: what a row of the table of drift is about, and an agent's way to bring it about. */
import type { Trouble } from '@lvsm/base'
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import {
  audit,
  claim,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  type PlanInput,
  rememberSettings,
  troublesOf,
} from '@lvsm/plan'

const RS1 = 'node: rs1, address: 10.11.0.11, forward: dr'
const RS3 = 'forward: nat, gateway: 10.12.0.254'
const VIP6 = '2001:db8:11::10'
/** A service of IPv6 beside that of IPv4, at rs1. */
const withSix = (text: string): string =>
  `${text.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, '${VIP6}/64']`)}  - { name: http6, group: web, address: '${VIP6}', port: 80, protocol: tcp, scheduler: wrr, check: { type: none }, realservers: [{ node: rs1, address: '2001:db8:11::11', forward: dr }] }\n`
const placed = (method: string): string => SAMPLE.replace(RS1, `node: rs1, address: 10.11.0.11, ${method}`)

interface Situation {
  readonly node: string
  readonly text: string
  readonly links: readonly { readonly name: string; readonly address: string }[]
}
const links = (inside: string, outside: string): Situation['links'] => [
  { name: 'inside', address: `10.12.0.${inside}` },
  ...(outside === '' ? [] : [{ name: 'outside', address: `10.11.0.${outside}` }]),
]
export const SITUATIONS = {
  'owner of a group': { node: 'dir1', text: `${SAMPLE}tcp-timeout: 800s\n`, links: links('1', '1') },
  'owner of a group whose VIP names its interface': {
    node: 'dir1',
    text: SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24, interface: outside }]'),
    links: links('1', '1'),
  },
  'realserver by DR': { node: 'rs1', text: withSix(SAMPLE), links: links('11', '11') },
  'realserver by NAT': { node: 'rs3', text: SAMPLE, links: links('13', '') },
  'realserver by NAT, by rules': {
    ...{ node: 'rs3', text: SAMPLE.replace(RS3, `${RS3}, route: policy`), links: links('13', '') },
  },
  'VIP on a dummy device': { node: 'rs1', text: placed('forward: dr, placement: dummy'), links: links('11', '11') },
  'VIP as a local route': { node: 'rs1', text: placed('forward: dr, placement: route'), links: links('11', '11') },
  'realserver by tunnels': { node: 'rs1', text: placed('forward: tun, tunnel: gue'), links: links('11', '11') },
} as const satisfies Readonly<Record<string, Situation>>
export type SituationName = keyof typeof SITUATIONS

/** Of http: rs2 does not answer its check. */
const SERVING = new Map([['http', new Set(['10.11.0.11:80', '10.12.0.13:8080'])]])

/** The kernel of a node, real or not. */
export interface Machine {
  observe(sysctls: readonly string[]): Observed
  /** Null: done. */
  apply(operation: Operation): string | null
  /** Not there: it can carry out each operation. */
  can?(operation: Operation): boolean
}

/** What a node's agent does of it, look by look. */
export function agentAt(name: SituationName, machine: Machine) {
  const { node, text } = SITUATIONS[name]
  const { config, refusals } = checkConfig(text)
  const view = config && nodeView(config, node)
  if (!view || !config) throw new Error(JSON.stringify(refusals))
  const isOwner = view.directs.length > 0
  const held = new Set(isOwner ? ['10.11.0.10', '10.12.0.254'] : [])
  let owned: OwnedRecord = claim(NOTHING_OWNED, config.services)
  const input: PlanInput = {
    ...{
      view,
      owned: isOwner ? new Set(['web']) : new Set(),
      serving: SERVING,
      draining: new Map(),
      quiescing: new Set<string>(),
    },
    ...{ handover: new Map(), flushing: new Set<string>() },
  }
  const look = () => {
    const wanted = desired(input, machine.observe(['net/ipv4/conf/all/rp_filter']))
    const observed = machine.observe(wanted.sysctls.map(({ path }) => path))
    const plan = diff(observed, wanted, owned).filter((one) => machine.can?.(one) ?? true)
    return { observed, wanted, plan }
  }
  return {
    /** What is to be done now; throws the laws that it breaks. */
    plan(): readonly Operation[] {
      const { observed, plan } = look()
      const broken = audit(plan, { observed, owned, held })
      if (broken.length > 0) throw new Error(broken.join('\n'))
      return plan
    },
    /** What stands in the way, as a status tells it. */
    troubles(): readonly Trouble[] {
      const { observed, wanted } = look()
      return troublesOf(view, wanted, observed, owned)
    },
    /** Until nothing is left to do: settings of a device come in the plan after it. */
    settle(): void {
      for (let round = 0; round < 3; round++) {
        const { observed, wanted, plan } = look()
        owned = rememberSettings(owned, observed, wanted, plan)
        if (plan.length === 0) return
        for (const operation of plan) {
          const refused = machine.apply(operation)
          if (refused !== null) throw new Error(`${JSON.stringify(operation)}: ${refused}`)
        }
      }
      const left = look().plan
      if (left.length > 0) throw new Error(`left to do: ${JSON.stringify(left)}`)
    },
  }
}
