/** What is asked of the table of IPVS again and again. */
import type { FactService, MachineFacts } from '@lvsm/protocol'

type Ipvs = Pick<MachineFacts, 'ipvs'>
export type FactDestination = FactService['destinations'][number]

export const servicesOf = ({ ipvs }: Ipvs): readonly FactService[] => ipvs?.services ?? []

export const destinationsOf = (facts: Ipvs, ...methods: readonly FactDestination['forward'][]): FactDestination[] =>
  servicesOf(facts).flatMap(({ destinations }) => destinations.filter(({ forward }) => methods.includes(forward)))

export const forwards = (facts: Ipvs, method: FactDestination['forward']): boolean =>
  destinationsOf(facts, method).length > 0

/** As `ipvsadm -Ln` has it. */
export const nameOf = ({ protocol, address, port }: FactService): string =>
  protocol === null ? `fwmark ${port}` : `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
