/** The realservers' web server. One that forks for each connection costs ten times as much under emulation. */
import { ensureProgram } from './debian.ts'

export const ensureWebServer = (): Promise<string> => ensureProgram('web server package', 'webfs', 'webfsd')
