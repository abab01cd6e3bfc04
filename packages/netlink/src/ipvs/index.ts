export * from './config.ts'
export * from './connections.ts'
export * from './destination.ts'
export { decodeFamily, getFamily } from './generic.ts'
export * from './listing.ts'
export * from './service.ts'
export {
  FAMILY,
  type Forward,
  FORWARDS,
  type Protocol,
  PROTOCOLS,
  readTunnel,
  SERVICE_FLAG,
  type Stats,
  type Tunnel,
  TUNNELS,
} from './types.ts'
export * from './totals.ts'
