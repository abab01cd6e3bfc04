export * from './pool.ts'
export * from './schedule.ts'
export * from './verdict.ts'
