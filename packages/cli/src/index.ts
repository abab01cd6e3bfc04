export { EXITS } from './exits.ts'
export { VERSION } from './version.ts'
