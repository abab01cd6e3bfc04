/** Texts of the configuration file that are judged: each fault with its code, and what to write instead. */
import * as z from 'zod'
import type { AddressFault } from './address.ts'

export const text = (matches: (value: string) => boolean, code: string, message: string, hint: string) =>
  z.string().refine(matches, { error: message, params: { code, hint } })

/** Text that `refuse` has nothing against. */
export const judged = (code: string, refuse: (value: string) => { message: string; hint: string } | null) =>
  z.string().superRefine((value, context) => {
    const fault = refuse(value)
    if (fault) context.addIssue({ code: 'custom', message: fault.message, params: { code, hint: fault.hint } })
  })
export const addressText = (refuse: (value: string) => AddressFault | null) =>
  z.string().superRefine((value, context) => {
    const fault = refuse(value)
    if (!fault) return
    const { code, message, hint } = fault
    context.addIssue({ code: 'custom', message, params: { code, hint } })
  })
