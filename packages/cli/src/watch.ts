/** `status --watch`: the screen drawn again each second in plain ANSI, until Ctrl-C. */
import type { Terminal } from './terminal.ts'

const EVERY_MS = 1000
const CLEAR_BELOW = '\u001b[0J'
const CLEAR_LINE_END = '\u001b[K'
const HOME = '\u001b[H'
const WIPE = '\u001b[2J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** `frame` must not reject. On a pipe the frames follow each other, without codes for a screen. */
export async function watch(terminal: Terminal, frame: () => Promise<string>): Promise<void> {
  const screen = terminal.out.isTTY === true
  const stop = new AbortController()
  const end = (): void => stop.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  if (screen) terminal.print(HIDE_CURSOR + WIPE)
  try {
    while (!stop.signal.aborted) {
      const due = performance.now() + EVERY_MS
      const text = await frame()
      if (stop.signal.aborted) break
      terminal.print(screen ? HOME + text.replaceAll('\n', `${CLEAR_LINE_END}\n`) + CLEAR_BELOW : text)
      await pause(due - performance.now(), stop.signal)
    }
  } finally {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
    if (screen) terminal.print(SHOW_CURSOR)
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms))
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
