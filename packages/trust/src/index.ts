export * from './authority.ts'
export * from './fingerprint.ts'
export * from './key-pair.ts'
export * from './token.ts'
