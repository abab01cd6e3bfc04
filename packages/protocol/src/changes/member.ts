/**
 * What the log says of a coordinator beside its membership, with the entry that adds it; with the first entry of all, how the
 * cluster began. JSON, as strict as every entry of the log: what is not understood is not skipped.
 */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'
import { readVersioned } from '../json.ts'
import { plainData } from './command.ts'
import { whereabouts } from './coordinator-address.ts'
import { enrolment } from './enrol.ts'
import { LONGEST_ENTRY } from './entry.ts'
import { passwordHash, userName } from './users.ts'

export const MEMBER_VERSION = 1

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(LONGEST_NAME)
export const memberRecord = z.strictObject({
  /** Of its node. */
  name,
  ...whereabouts,
})
export type MemberRecord = Readonly<z.infer<typeof memberRecord>>

const founding = z.strictObject({
  /** The first document: the plain data of its file. */
  file: plainData,
  author: name,
  at: count,
  /** The model version that the cluster begins with. */
  finalized: count,
  /** Of the node where it begins. */
  enrolment: enrolment.exactOptional(),
  /** The first user, who may do everything. */
  admin: z.strictObject({ name: userName, password: passwordHash }).exactOptional(),
})
export type Founding = Readonly<z.infer<typeof founding>>

const membership = z.strictObject({ member: memberRecord, founding: founding.exactOptional() })
export type MemberEntry = Readonly<z.infer<typeof membership>>

export const encodeMember = (entry: MemberEntry): string => JSON.stringify({ v: MEMBER_VERSION, least: 1, ...entry })

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeMember = (encoded: string): MemberEntry | null =>
  readVersioned(membership, encoded, { longest: LONGEST_ENTRY, version: MEMBER_VERSION })
