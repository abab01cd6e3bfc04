/** Names of the configuration: they become names in the kernel, keys in JSON, words on command lines and in tables for people. */

/** Words that stand for something else: properties that every object of the language has, what tables show, values of YAML. */
const TAKEN: ReadonlySet<string> = new Set(
  [
    'constructor hasownproperty isprototypeof propertyisenumerable tolocalestring tostring valueof prototype',
    'null undefined true false nan infinity nobody none all',
  ].flatMap((line) => line.split(' ')),
)
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/

/** Why a text is no name, and what to do; null when it is one. */
export function refuseName(text: string): { readonly message: string; readonly hint: string } | null {
  if (!NAME.test(text))
    return {
      message: 'is no name',
      hint: 'use 1 to 32 letters, digits, dots, dashes and underscores; begin and end with a letter or digit',
    }
  if (TAKEN.has(text.toLowerCase()))
    return { message: 'is a word that means something else', hint: 'choose another name, e.g. with a number behind it' }
  return /^[0-9.]+$/.test(text) ? { message: 'looks like a number', hint: 'choose a name with a letter in it' } : null
}

/** A machine without a name of its own is called so: each of them would take itself for this node. */
const ANONYMOUS = ['localhost', 'debian', 'ubuntu', 'host', 'hostname', 'linux', 'unknown'] as const
export const isAnonymous = (node: string): boolean => {
  const [first = ''] = node.toLowerCase().split('.')
  return ANONYMOUS.some((name) => name === first)
}

/** Directories of /proc/sys/net/ipv4/conf that are no interface, and where no address can be taken over. */
const NO_INTERFACE: ReadonlySet<string> = new Set(['.', '..', 'all', 'default', 'lo'])

/** As the kernel's dev_valid_name, and nothing that a terminal would obey. */
export function refuseInterface(text: string): { readonly message: string; readonly hint: string } | null {
  if (!/^[!-~]{1,15}$/.test(text) || /[/:]/.test(text))
    return {
      message: 'is no interface name',
      hint: 'use 1 to 15 letters, digits and signs without spaces, slashes and colons, e.g. eth1',
    }
  return NO_INTERFACE.has(text)
    ? {
        message: 'is no interface on which an address can be reached',
        hint: 'name the one towards the clients, or the realservers',
      }
    : null
}
