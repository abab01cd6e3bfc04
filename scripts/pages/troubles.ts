/** `TROUBLES.md`: when it says X, do Y; made of the table of troubles. */
import { BY_ROLE, TROUBLE_PARTS, type TroubleKind, WANTED } from '@lvsm/protocol'

const HEAD = `# When it says X, do Y

Every trouble that \`lvsm status\`, \`lvsm events\` and the console can show, by its code: the word in parentheses at the end of the line. A trouble
ends by itself when its cause ends. Warnings of the configuration have codes of their own, and say themselves what to change.

\`lvsm explain NAME\` tells of a group, a service or a node what it is, why, and what would change it; \`lvsm status -o json\` has each trouble with
node, object, since when, evidence and next step. In capitals: what differs from case to case.

The first six of the part *Alerts* no node says of itself: receivers of alerts are told of them, and \`lvsm status\` shows them among the troubles (but
\`group-immovable\`, which stands in its first lines).

This page is made of the table in [packages/protocol/src/troubles](packages/protocol/src/troubles/table.ts):
\`npx vitest run scripts/pages -u\`.
`

export const troublesPage = (): string => [HEAD, ...Object.entries(TROUBLE_PARTS).map(part), wanted()].join('\n')

/** No trouble has these words. */
const wanted = (): string =>
  [
    '## What operators want\n',
    'No trouble, and no code: what `lvsm status` says of what somebody ordered for a while.\n',
    ...Object.entries(WANTED).map(([word, { says, means, next }]) =>
      [`### ${word}\n`, says, `* **so**: ${means}`, `* **do**: ${next}`, ''].join('\n'),
    ),
  ].join('\n')

const part = ([title, kinds]: readonly [string, Readonly<Record<string, TroubleKind>>]): string =>
  [`## ${title}\n`, ...Object.entries(kinds).map(row)].join('\n')

/** Where the consequence is another one for a node that is no director. */
const byRole = (code: string): string[] => {
  const { voter, other } = BY_ROLE[code] ?? {}
  if (other === undefined) return []
  return voter === undefined || voter === other
    ? [`* **so**, of a node that is no director: ${other}`]
    : [`* **so**, of a node that votes and is no director: ${voter}; of one that does neither: ${other}`]
}
const row = ([code, { severity, says, means, next }]: readonly [string, TroubleKind]): string =>
  [`### ${code}\n`, `*${severity}*: ${says}`, `* **so**: ${means}`, ...byRole(code), `* **do**: ${next}`, ''].join('\n')
