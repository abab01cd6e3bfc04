/** What the lease process keeps on disk, as bytes: each file begins with its version. The checksum around them is the disk's business. */
import { type DurableState, HIGHEST_EPOCH, HIGHEST_NUMBER } from './lease-state.ts'
import { type LeaseView, unconfirmed } from './lease-view.ts'
import { LONGEST_LEASE_MS } from '@lvsm/base'
import { type Codec, counter, encode, flag, number, read, struct, u32, u8 } from './codec.ts'
import { viewCodec } from './frame.ts'
import { ageOf, type Versions, VERSIONS } from './versions.ts'

type Versioned<T> = T & { readonly version: number }
export const stateFileCodec = struct<Versioned<DurableState>>(
  { version: u8, limitMs: number, highWater: counter, standby: flag },
  { epoch: [1, u32], epochLost: [2, flag] },
)
export const viewFileCodec = struct<Versioned<{ readonly view: LeaseView }>>({ version: u8, view: viewCodec })

/** `strange`: of a version that is not understood, whose file must not be lost. `damaged`: nothing that a version wrote. */
export type Stored<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'strange'; readonly version: number; readonly age: 'older' | 'newer' }
  | { readonly kind: 'damaged' }

export const encodeState = (kept: DurableState): Uint8Array =>
  encode(stateFileCodec, { version: VERSIONS.stateFile.spoken, ...kept })
export const encodeView = (view: LeaseView): Uint8Array =>
  encode(viewFileCodec, { version: VERSIONS.viewFile.spoken, view: unconfirmed(view) })

export function decodeState(content: Uint8Array): Stored<DurableState> {
  const stored = readVersioned(stateFileCodec, VERSIONS.stateFile, content)
  if (stored.kind !== 'read') return stored
  const { version: _, ...state } = stored.value
  const { limitMs, highWater, epoch = 1 } = state
  const possible =
    limitMs >= 0 && limitMs <= LONGEST_LEASE_MS && highWater <= HIGHEST_NUMBER && epoch >= 1 && epoch <= HIGHEST_EPOCH
  return possible ? { kind: 'read', value: state } : { kind: 'damaged' }
}
export function decodeView(content: Uint8Array): Stored<LeaseView> {
  const stored = readVersioned(viewFileCodec, VERSIONS.viewFile, content)
  return stored.kind === 'read' ? { kind: 'read', value: stored.value.view } : stored
}

/** Nothing behind the version is looked at before the version is known. */
function readVersioned<T>(codec: Codec<T>, versions: Versions, content: Uint8Array): Stored<T> {
  const [version] = content
  if (version === undefined) return { kind: 'damaged' }
  const age = ageOf(version, versions)
  if (age !== 'known') return { kind: 'strange', version, age }
  const found = read(codec, content)
  return found.ok ? { kind: 'read', value: found.value } : { kind: 'damaged' }
}
