/** The thread that has the database: whatever the disk does, nothing else waits for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@lvsm/base'
import type { Answer, Beginning, Write } from './job.ts'
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
  port.on('message', (job: Write | 'close') => {
    if (job === 'close') {
      session.close()
      port.close()
      return
    }
    const answer: Answer | null = session.write(job)
    if (answer) port.postMessage(answer)
    session.putBack()
  })
}
