/** What this machine offers to be proposed: its name, and interfaces with addresses. */
import { refuseAddress } from '@lvsm/model'
import { hostname, networkInterfaces } from 'node:os'

export interface Place {
  readonly interface: string
  /** Without prefix. */
  readonly address: string
  readonly prefix: number
}

/** Other machines reach it there: neither loopback nor link-local, the first of each interface first. */
export function places(): Place[] {
  const found = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list
      .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address))
      .map(({ address, cidr }) => ({ interface: name, address, prefix: Number(cidr?.split('/')[1] ?? 0) })),
  )
  return found.filter(({ address }) => refuseAddress(address) === null)
}

/** For whoever named another. */
export const placesText = (): string =>
  places()
    .map((place) => `${place.address} (${place.interface})`)
    .join(', ') || 'none at which others reach it'

/** Of the host name what a node may be called. */
export const nodeName = (): string => (hostname().split('.')[0] ?? '').toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')
