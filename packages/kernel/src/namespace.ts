/** Network namespaces (man 7 network_namespaces): the calling thread moves, other threads do not. */
import { closeSync, openSync } from 'node:fs'
import { invariant } from '@lvsm/base'
import { call, checked } from './libc.ts'

const CLONE_NEWNET = 0x40000000
const OWN = '/proc/thread-self/ns/net'

const pathOf = (name: string): string => (name.includes('/') ? name : `/run/netns/${name}`)

/** Moves the main thread for good, before any socket is opened. `name` is of `ip netns`, or a path. */
export function setNamespace(name: string): void {
  const fd = openSync(pathOf(name), 'r')
  try {
    checked('setns', call.setns(fd, CLONE_NEWNET), name)
  } finally {
    closeSync(fd)
  }
}

/**
 * Runs `work` inside a namespace; sockets that it opens stay there. It must be synchronous: nothing else of
 * the process may run meanwhile. Throws what `work` throws; ENOENT when there is no such namespace.
 */
export function inNamespace<T>(name: string, work: () => T): T {
  const home = openSync(OWN, 'r')
  try {
    setNamespace(name)
    const result = work()
    invariant(!(result instanceof Promise), 'work inside a namespace is synchronous')
    return result
  } finally {
    const back: number = call.setns(home, CLONE_NEWNET)
    closeSync(home)
    invariant(back === 0, 'the process returns to its own network namespace')
  }
}
