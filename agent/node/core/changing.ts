/** How operators change the configuration here: by commands, where coordinators keep it, else in the file that every node has. */
import type { NodeState } from './state.ts'

/** `command` as it is typed; `inFile`: what the file is to say. */
export const changeText = ({ follows }: Pick<NodeState, 'follows'>, command: string, inFile: string): string =>
  follows
    ? command
    : `${inFile} in the configuration file of every node, and reload it there: systemctl reload lvsm-agent`
