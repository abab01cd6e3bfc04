export * from './core.ts'
export * from './events.ts'
export type { ObservedFenceGroup, ObservedFenceTable } from './publish/fence.ts'
export * from './ownership.ts'
