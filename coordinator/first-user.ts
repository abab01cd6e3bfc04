/** The first user of a cluster: an administrator, so that the port for people can be used at once. */
import { PASSWORD_LENGTH, type PasswordHash } from '@lvsm/protocol'
import type { Unready } from '../agent/process/directories.ts'
import { BUSY, Passwords } from './adapters/api/passwords.ts'

export interface FirstUser {
  readonly name: string
  readonly password: PasswordHash
}

/** `input`: the password is its first line. */
export async function firstUser(
  name: string,
  input: string,
  passwords = new Passwords(),
): Promise<FirstUser | Unready> {
  const [text = ''] = input.split(/\r?\n/, 1)
  const { length } = [...text]
  const { least, most } = PASSWORD_LENGTH
  if (length < least || length > most)
    return {
      exit: 'refused',
      faults: [`--admin ${name}: a password has ${least} to ${most} characters; nothing was changed`],
    }
  const password = await passwords.hash(text)
  return password === BUSY ? { exit: 'world', faults: ['too many passwords at once'] } : { name, password }
}
