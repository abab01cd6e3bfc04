/** What the first line of a status says beside its health: the same for `lvsm status` and the console. */
import { listedTroubles } from '../unsaid/unsaid.ts'
import { isPresent, together } from './together.ts'
import { othersOf, type Verdict } from './verdict.ts'
import type { Status } from './status.ts'

export interface HeadPart {
  /** `bad`: it needs a person; `warn`: it is to be known; `over`: it asks nothing of anybody any more. */
  readonly weight: 'bad' | 'warn' | 'over'
  readonly text: string
}

/** What it counts is what the list below it has, whoever says it: also what no trouble says. */
export function headOf(status: Status, { other }: Verdict): HeadPart[] {
  const { troubles, wanted = [] } = status
  const listed = listedTroubles(status).filter(isPresent)
  const countOf = (severity: (typeof listed)[number]['severity']): number =>
    listed.filter((one) => one.severity === severity).length
  const [critical, warnings, infos] = [countOf('critical'), countOf('warning'), countOf('info')]
  const past = together(troubles).filter((one) => !isPresent(one)).length
  const asked = wanted.filter(({ idle }) => !idle).length
  const part = (weight: HeadPart['weight'], count: number, text: string): HeadPart[] =>
    count === 0 ? [] : [{ weight, text }]
  return [
    ...othersOf({ critical, other }).map((text): HeadPart => ({ weight: 'bad', text })),
    ...part('warn', warnings, `${warnings} warning${warnings === 1 ? '' : 's'}`),
    ...part('over', infos, `info: ${infos}`),
    ...part(
      'over',
      past,
      `${past} ${past === 1 ? 'trouble' : 'troubles'} of the last minutes ${past === 1 ? 'is' : 'are'} over`,
    ),
    ...part('warn', asked, `maintenance: ${asked}`),
  ]
}

/** Beside the revision: of the voters, where coordinators number them. */
export const epochText = ({ epoch = 0 }: Pick<Status, 'epoch'>): string => (epoch > 1 ? `, epoch ${epoch}` : '')
