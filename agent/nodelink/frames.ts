/** Text and bytes of what a WebSocket brought. */
import type { RawData } from 'ws'

/** It has been checked to be UTF-8. */
export const textOf = (data: RawData): string => bytesOf(data).toString('utf8')
export const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
