/** The thread that has the database: whatever the disk does, nothing else waits for it; and, begun so, the one that looks at a copy of it. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@lvsm/base'
import { finishCopy } from './copy.ts'
import type { Answer, Beginning, Copied, Copy, Finishing, Write } from './job.ts'
import { openChecked } from './open.ts'
import { Session } from './session.ts'

const port = parentPort
invariant(port, 'the store has a thread of its own')
const asked: Beginning | Finishing = workerData
if ('finish' in asked) port.postMessage({ kind: 'copied', fault: finishCopy(asked) } satisfies Copied)
else serve(port, asked)

function serve(parent: MessagePort, { path, pages }: Beginning): void {
  const opened = openChecked(path, pages)
  if (opened.kind === 'refused') return parent.postMessage(opened)
  const session = new Session(path, opened)
  parent.postMessage({ kind: 'opened', found: opened.found })
  const close = (): void => {
    session.close()
    parent.close()
  }
  let copying: Promise<void> = Promise.resolve()
  parent.on('message', (job: Write | Copy | 'close') => {
    // A database is not closed under a copy.
    if (job === 'close') return void copying.then(close)
    if ('kind' in job) {
      copying = session.copy(job).then((fault) => parent.postMessage({ kind: 'copied', fault } satisfies Copied))
      return
    }
    const answer: Answer | null = session.write(job)
    if (answer) parent.postMessage(answer)
    session.putBack()
  })
}
