/** What a realserver's own agent sees at one place where clients' connections arrive. */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'

const name = z.string().max(128).transform(plainLine)
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)

/** Nobody listens there; somebody does; he does not come to accept, for a while already; or that could not be seen. */
const SIGHTS = ['closed', 'listens', 'full', 'unread'] as const

export const seenSocket = z.object({
  service: name,
  /** Of the destination. */
  key: name,
  /** A word that is not known says nothing. */
  is: z.enum(SIGHTS).catch('unread'),
  /** Connections that wait to be accepted, and beyond how many they are dropped. */
  queue: count,
  most: count,
})
export type SeenSocket = Readonly<z.infer<typeof seenSocket>>
