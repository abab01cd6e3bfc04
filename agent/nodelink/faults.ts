/** Why a coordinator was not reached, in words. */
import { STRANGER } from '@lvsm/protocol'

/** It answers, and believes this node no more. */
export const isRefused = ({ message }: Error): boolean => message.endsWith('403')

/** Addresses of one name that all fail come as one error with many inside; a call that is given up has a strange word for it. */
export function faultOf(error: Error): string {
  const { message } = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error
  if (message.includes('before the connection was established')) return 'no answer in time'
  if (message.endsWith('503')) return 'it answers as many requests as it can already: try again'
  return isRefused(error) ? STRANGER : message
}
