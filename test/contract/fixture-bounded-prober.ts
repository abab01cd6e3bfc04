/** lvsm-prober as its unit runs it: what it starts gets no rights by the file (prctl(2), PR_SET_NO_NEW_PRIVS). */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../agent/prober/main.ts', import.meta.url))
const child = spawn('setpriv', ['--no-new-privs', process.execPath, program], { stdio: 'inherit' })
child.on('exit', (code) => process.exit(code ?? 1))
