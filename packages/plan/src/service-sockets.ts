/** Addresses and ports of services, as rules match them. */
import { type ConfigService, type KernelProtocol, type PortRange, protocolRow } from '@lvsm/model'

export interface Socket {
  readonly address: string
  readonly port: number
  /** The last of several ports. */
  readonly upTo?: number
  readonly protocol: KernelProtocol
}

const socket = (address: string, protocol: KernelProtocol, { from, to }: PortRange): Socket =>
  from === to ? { address, port: from, protocol } : { address, port: from, upTo: to, protocol }
export const rangesOf = ({ ports, port }: Pick<ConfigService, 'ports' | 'port'>): readonly PortRange[] =>
  ports ?? [{ from: port, to: port }]

/** Where clients ask, or a realserver answers. */
export const socketsOf = (service: ConfigService, address: string, ranges: readonly PortRange[]): Socket[] =>
  protocolRow(service.protocol).kernel.flatMap((protocol) => ranges.map((range) => socket(address, protocol, range)))
