/** What helps where nobody answers on this machine: that depends on how far it is set up. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DIRECTORIES } from './setup/options.ts'

export type SetUp = 'nothing' | 'node' | 'file' | 'not known'

const START =
  'start it (systemctl start lvsm-agent), or name another with --node NAME, --socket PATH or LVSM_SOCKET=PATH[:PATH…]'
const ADVICE: Readonly<Record<SetUp, string>> = {
  nothing:
    'this machine is in no cluster yet: lvsm init begins one here; lvsm join TOKEN makes it a node of one (lvsm token create, there, prints the token)',
  node: `where it was set up just now lvsm-agent is starting yet: try again in a moment; else ${START}`,
  file: START,
  'not known': START,
}

/** `isAbsent`: there is no socket at all at the place where an agent has it. */
export const adviceFor = (isAbsent: boolean, setUp: SetUp): string => (isAbsent ? ADVICE[setUp] : START)

export function setUpOf({ etc, state } = DIRECTORIES): SetUp {
  const [node, file] = [join(state, 'node.json'), join(etc, 'lvsm.yaml')].map(isThere)
  if (node === true) return 'node'
  if (file === true) return 'file'
  return node === false && file === false ? 'nothing' : 'not known'
}

/** Null: whoever asks may not look. */
function isThere(path: string): boolean | null {
  try {
    statSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? false : null
  }
}
