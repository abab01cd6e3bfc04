/** What was, for whoever asks: from memory, and where that does not have the moment from the files of earlier moves. */
import type { RecordedFile, RecordedReport, Source } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import type { NodeCore } from './core/index.ts'

export async function recorded(
  core: Pick<NodeCore, 'recorded'>,
  files: { recordings(): Promise<readonly RecordedFile[]> },
  clock: () => Instant,
  agoMs: number,
): Promise<RecordedReport> {
  const asked = clock()
  const known = core.recorded(asked, agoMs)
  if (known.found) return known
  const sources = (await files.recordings()).map(
    ({ writtenMs, writtenAt, recording }): Source => ({
      recording,
      aheadMs: writtenMs - writtenAt,
      where: 'file',
    }),
  )
  const now = clock()
  return core.recorded(now, agoMs + (now - asked), sources)
}
