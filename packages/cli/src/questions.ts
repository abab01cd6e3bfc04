/** Questions to whoever sits at the terminal, on standard error: standard output is for results. */
import { createInterface } from 'node:readline/promises'

export const isAsking = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** One line; empty where the terminal was closed. */
async function line(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    return (await Promise.race([lines.question(question), closed])).trim()
  } finally {
    lines.close()
  }
}

/** Who only presses Enter, or closes the terminal, did not agree. */
export const isAgreed = async (question: string): Promise<boolean> => /^y(es)?$/i.test(await line(`${question} [y/N] `))

/** Who only presses Enter takes the proposal. `refuse` says in a sentence what is wrong with an answer, and it is asked again. */
export async function answerTo(
  question: string,
  proposal: string,
  refuse: (answer: string) => string | null,
): Promise<string> {
  for (;;) {
    const answer = (await line(`${question} [${proposal}]: `)) || proposal
    const reason = refuse(answer)
    if (reason === null) return answer
    process.stderr.write(`  ${reason}\n`)
    if (!process.stdin.readable) return answer
  }
}
