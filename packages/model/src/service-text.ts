/** A service of a status in a few words: what clients ask, and how it is spread. */
import type { ServiceReport } from '@lvsm/protocol'
import { serviceKey } from './service-id.ts'
import { specText } from './service-spec.ts'

/** What clients ask. */
export const placeText = ({ protocol, address, ports, fwmark = 0, ...service }: ServiceReport): string =>
  ports === undefined
    ? serviceKey({ protocol, address, port: service.port })
    : `${protocol} ${address} ports ${ports} (fwmark 0x${fwmark.toString(16)})`

/** An older node does not say it whole. */
export const serviceSpec = ({ scheduler, schedulerFlags: flags = [], spec }: ServiceReport): string =>
  spec ?? specText({ scheduler, flags })
