/** The thread that has the database: whatever the disk does, nothing else waits for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@lvsm/base'
import type { Answer, Beginning, Copied, Copy, Write } from './job.ts'
import { openChecked } from './open.ts'
import { Session } from './session.ts'

const port = parentPort
invariant(port, 'the store has a thread of its own')
const { path, pages }: Beginning = workerData
const opened = openChecked(path, pages)
if (opened.kind === 'refused') port.postMessage(opened)
else {
  const session = new Session(path, opened)
  port.postMessage({ kind: 'opened', found: opened.found })
  const close = (): void => {
    session.close()
    port.close()
  }
  let copying: Promise<void> = Promise.resolve()
  port.on('message', (job: Write | Copy | 'close') => {
    // A database is not closed under a copy.
    if (job === 'close') return void copying.then(close)
    if ('kind' in job) {
      copying = session.copy(job).then((fault) => port.postMessage({ kind: 'copied', fault } satisfies Copied))
      return
    }
    const answer: Answer | null = session.write(job)
    if (answer) port.postMessage(answer)
    session.putBack()
  })
}
