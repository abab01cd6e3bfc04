/** How operators change the configuration: by commands, where coordinators keep it, else in the file that every node has. */
import type { Status } from './http/status.ts'

/** `command` as it is typed; `inFile`: what the file is to say. An older node does not say which of them it is. */
export const changeText = ({ coordinators }: Pick<Status, 'coordinators'>, command: string, inFile: string): string =>
  coordinators === false
    ? `${inFile} in the configuration file of every node, and reload it there: systemctl reload lvsm-agent`
    : command
