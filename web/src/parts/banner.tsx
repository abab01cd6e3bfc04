/** Above everything: that what is shown may not be so any more. The regions are there before anything is in them (WCAG 2.2, 4.1.3). */
import type { Model } from '../core/model.ts'
import { spanText } from '@lvsm/base'
import { momentOf, useNow } from './moment.tsx'
import { Shape } from './said.tsx'

export function Banner({ model }: { model: Model }) {
  const { link, lostAt, heardAt, strange, who } = model
  const isLost = link === 'lost' && who.kind !== 'nobody'
  const strangely = strange > 0 && !isLost
  return (
    <div class="banners">
      <div role="alert">
        {isLost && (
          <p class="banner">
            <Shape tone="bad" />
            <span>
              <strong>No connection to this coordinator since {momentOf(heardAt ?? lostAt ?? 0)}.</strong>{' '}
              {heardAt === null ? 'Nothing is known.' : 'What is shown is as of then.'} It is tried again by itself;
              another coordinator, or lvsm status on a node, may know more.
            </span>
          </p>
        )}
        {strangely && (
          <p class="banner">
            <Shape tone="bad" />
            <span>
              <strong>This page does not understand its coordinator any more.</strong> What is shown is old: load the
              page again.
            </span>
          </p>
        )}
      </div>
    </div>
  )
}

/** How old is what is shown? Not told by itself each second: whoever wants it reads it. */
export function Age({ model: { link, heardAt, strange } }: { model: Model }) {
  const now = useNow(1000)
  if (link === 'live' && strange === 0)
    return (
      <span class="age">
        <Shape tone="good" /> live
      </span>
    )
  return (
    <span class="age lost">
      <Shape tone={link === 'opening' ? 'unknown' : 'bad'} />{' '}
      {heardAt === null ? 'connecting' : `${spanText(now - heardAt)} old`}
    </span>
  )
}
