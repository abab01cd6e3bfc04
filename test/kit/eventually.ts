/** Waits until something holds that others bring about in their own time: sockets, files, processes. */
import { vi } from 'vitest'

export const eventually = <T>(look: () => T | Promise<T>, timeout = 15_000): Promise<T> =>
  vi.waitFor(look, { interval: 2, timeout })
