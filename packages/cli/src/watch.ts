/** What goes on until Ctrl-C; `status --watch`: the screen drawn again each second in plain ANSI. */
import type { Terminal } from './terminal.ts'

const EVERY_MS = 1000
const CLEAR_BELOW = '\u001b[0J'
const CLEAR_LINE_END = '\u001b[K'
const HOME = '\u001b[H'
const WIPE = '\u001b[2J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** Ctrl-C, or whoever ends it, aborts the signal: what runs is to come to its end. */
export async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const end = (): void => stop.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  try {
    await run(stop.signal)
  } finally {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
  }
}

/** `frame` must not reject. On a pipe the frames follow each other, without codes for a screen. */
export async function watch(terminal: Terminal, frame: () => Promise<string>): Promise<void> {
  const screen = terminal.out.isTTY === true
  await untilStopped(async (signal) => {
    if (screen) terminal.print(HIDE_CURSOR + WIPE)
    try {
      while (!signal.aborted) {
        const due = performance.now() + EVERY_MS
        const text = await frame()
        if (signal.aborted) break
        terminal.print(screen ? HOME + text.replaceAll('\n', `${CLEAR_LINE_END}\n`) + CLEAR_BELOW : text)
        await pause(due - performance.now(), signal)
      }
    } finally {
      if (screen) terminal.print(SHOW_CURSOR)
    }
  })
}

/** Until then, or until it is to end. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms))
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
