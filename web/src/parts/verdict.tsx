/** On each screen: does the cluster need a person, and which configuration is this? Changes of it are told to screen readers. */
import { epochText, type LiveState, type Status } from '@lvsm/protocol'
import { verdictOf } from '../core/cluster.ts'
import { Ago } from './moment.tsx'
import { Word } from './said.tsx'

export function Verdict({ status, seen: { coordinators, written, revision } }: { status: Status; seen: LiveState }) {
  const { answers, ...said } = verdictOf(status, coordinators)
  return (
    <section class="verdict" aria-label="Verdict">
      <div role="status">
        <p class="sentence">
          <Word said={said} />
        </p>
        {answers.length > 0 && (
          <dl class="answers">
            {answers.map(({ label, texts }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{texts.join('; ')}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
      <p class="aside">
        <span>
          Revision {revision ?? 'not known'}
          {epochText(status)}
        </span>
        {written && (
          <span>
            by {written.author}, <Ago at={written.at} />
            {written.comment === '' ? '' : `: ${written.comment}`} ({written.summary})
          </span>
        )}
        <span>seen by the coordinator on {status.node}</span>
      </p>
    </section>
  )
}
