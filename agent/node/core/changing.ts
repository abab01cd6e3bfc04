/** How operators change the configuration here: by commands, where coordinators keep it, else in the file that every node has. */
import { changeText as textOf } from '@lvsm/protocol'
import type { NodeState } from './state.ts'

/** `command` as it is typed; `inFile`: what the file is to say. */
export const changeText = ({ follows }: Pick<NodeState, 'follows'>, command: string, inFile: string): string =>
  textOf({ coordinators: follows }, command, inFile)
