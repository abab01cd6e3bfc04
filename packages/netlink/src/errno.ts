/** Error numbers of Linux (asm-generic/errno.h), those that netlink, sockets and namespaces answer with. */

/** number: [name, sentence (with the next step, where one is known)]. */
const TABLE: Readonly<Record<number, readonly [string, string]>> = {
  1: ['EPERM', 'not permitted: run as root or with CAP_NET_ADMIN'],
  2: ['ENOENT', 'no such object'],
  3: ['ESRCH', 'no such entry'],
  4: ['EINTR', 'interrupted: try again'],
  5: ['EIO', 'input or output error'],
  6: ['ENXIO', 'no such device or address'],
  7: ['E2BIG', 'the argument list is too long: send fewer at once'],
  9: ['EBADF', 'the descriptor is closed'],
  11: ['EAGAIN', 'no answer in time: try again'],
  12: ['ENOMEM', 'the kernel has no memory for this'],
  13: ['EACCES', 'permission denied: run as root'],
  14: ['EFAULT', 'bad memory address: a bug of ours'],
  16: ['EBUSY', 'in use by something else: remove what refers to it first'],
  17: ['EEXIST', 'it exists already'],
  18: ['EXDEV', 'not possible across namespaces or families'],
  19: ['ENODEV', 'no such network interface: look at `ip link`'],
  20: ['ENOTDIR', 'a part of the path is not a directory'],
  21: ['EISDIR', 'it is a directory'],
  22: ['EINVAL', 'the kernel does not accept an argument'],
  23: ['ENFILE', 'too many open files on this machine'],
  24: ['EMFILE', 'too many open files in this process: raise LimitNOFILE'],
  28: ['ENOSPC', 'no space left'],
  32: ['EPIPE', 'the other end is gone'],
  33: ['EDOM', 'argument outside of its domain'],
  34: ['ERANGE', 'a number is out of range'],
  36: ['ENAMETOOLONG', 'a name is too long'],
  38: ['ENOSYS', 'this kernel lacks the call'],
  42: ['ENOMSG', 'no message of that type'],
  61: ['ENODATA', 'no data'],
  71: ['EPROTO', 'protocol error'],
  75: ['EOVERFLOW', 'a value is too large'],
  85: ['ERESTART', 'interrupted: try again'],
  88: ['ENOTSOCK', 'not a socket: a bug of ours'],
  90: ['EMSGSIZE', 'the message is too long'],
  92: ['ENOPROTOOPT', 'unknown socket option or protocol (module missing?)'],
  93: ['EPROTONOSUPPORT', 'this kernel lacks the protocol: load its module'],
  94: ['ESOCKTNOSUPPORT', 'this kernel lacks the socket type'],
  95: ['EOPNOTSUPP', 'this kernel does not support the operation: load the module, or use a newer kernel'],
  97: ['EAFNOSUPPORT', 'this kernel lacks the address family'],
  98: ['EADDRINUSE', 'the address is in use'],
  99: ['EADDRNOTAVAIL', 'no such address on this interface'],
  100: ['ENETDOWN', 'the interface is down: `ip link set DEV up`'],
  101: ['ENETUNREACH', 'no route to that network'],
  104: ['ECONNRESET', 'connection reset'],
  105: ['ENOBUFS', 'messages were lost, the buffer was full: read everything again'],
  107: ['ENOTCONN', 'not connected'],
  110: ['ETIMEDOUT', 'no answer in time'],
  111: ['ECONNREFUSED', 'nobody listens there'],
  112: ['EHOSTDOWN', 'the host is down'],
  113: ['EHOSTUNREACH', 'no route to the host'],
  114: ['EALREADY', 'already in progress'],
}

/** `{ code: 'ENOENT', message: 'no such object' }`; never fails. */
export function describeErrno(errno: number): { readonly code: string; readonly message: string } {
  if (errno === 0) return { code: 'OK', message: 'done' }
  const [code, message] = TABLE[errno] ?? [`E${errno}`, `error number ${errno} (see errno(3))`]
  return { code, message }
}

/** By name: `ERRNO.ENOENT`. */
export const ERRNO: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(TABLE).map(([number, [code]]) => [code, Number(number)]),
)
