/** What is wrong with the coordinators, as they say it to each other and to the agents that follow them: those tell people (alerts). */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { LONGEST_NEXT } from './alert-messages.ts'
import { boundedList } from './bounded.ts'
import { cut, cutHint } from './cut.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { severityWord } from './http/status.ts'

const text = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))
/** Of one coordinator; the worst of them. */
export const MOST_COORDINATOR_TROUBLES = 64
/** Of all of them. */
const MOST_TOLD = 4096

export const coordinatorTrouble = z.object({
  code: z.string().max(LONGEST_NAME).transform(plainLine),
  severity: severityWord,
  /** What it is about: of one thing all coordinators say the same. */
  object: text(100),
  message: text(240),
  /** What to do. Not there: an older coordinator, or nothing more than what its kind says. */
  hint: z
    .string()
    .transform((value) => cutHint(plainLine(value), LONGEST_NEXT))
    .exactOptional(),
})
export type CoordinatorTrouble = Readonly<z.infer<typeof coordinatorTrouble>>
export const ownCoordinatorTroubles = boundedList(coordinatorTrouble, MOST_COORDINATOR_TROUBLES)
export const toldCoordinatorTroubles = boundedList(coordinatorTrouble, MOST_TOLD)
