/** What is asked of the table of IPVS again and again. */
import { isCheckMark } from '@lvsm/model'
import type { FactService, MachineFacts } from '@lvsm/protocol'

type Ipvs = Pick<MachineFacts, 'ipvs'>
export type FactDestination = FactService['destinations'][number]

/** But for the entries of checks that go through IPVS: all but one of their destinations have weight 0, and nobody is served by them. */
export const servicesOf = ({ ipvs }: Ipvs): readonly FactService[] =>
  (ipvs?.services ?? []).filter(({ protocol, port }) => protocol !== null || !isCheckMark(port))

export const destinationsOf = (facts: Ipvs, ...methods: readonly FactDestination['forward'][]): FactDestination[] =>
  servicesOf(facts).flatMap(({ destinations }) => destinations.filter(({ forward }) => methods.includes(forward)))

export const forwards = (facts: Ipvs, method: FactDestination['forward']): boolean =>
  destinationsOf(facts, method).length > 0

/** As `ipvsadm -Ln` has it. */
export const nameOf = ({ protocol, address, port }: FactService): string =>
  protocol === null ? `fwmark ${port}` : `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`
