import type { Warning } from '@lvsm/base'
import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'

export type Warn = (severity: Warning['severity'], code: string, path: Path, message: string, hint: string) => void
/** Of a file without faults: what works, and is probably not what its author wants. */
export type WarningRule = (draft: Draft, warn: Warn) => void
