/** Step lines on stderr: what takes longer than a second is named while it runs, with its seconds. */
const colour = process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined
const dim = (text: string) => (colour ? `\u001b[2m${text}\u001b[0m` : text)

/** Runs a step; shows its name and its seconds, at once on a terminal and after the end elsewhere. */
export async function step<T>(name: string, work: () => Promise<T> | T, quiet = false): Promise<T> {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  const show = quiet ? () => {} : (text: string) => process.stderr.write(text)
  const timer = process.stderr.isTTY ? setInterval(() => show(`\r${dim(`· ${name} ${seconds()} s`)}`), 500) : undefined
  try {
    const result = await work()
    if (Number(seconds()) >= 0.3) show(`${timer ? '\r' : ''}${dim(`· ${name} ${seconds()} s`)}\n`)
    return result
  } catch (error) {
    show(`${timer ? '\r' : ''}${dim(`· ${name} failed after ${seconds()} s`)}\n`)
    throw error
  } finally {
    clearInterval(timer)
  }
}
