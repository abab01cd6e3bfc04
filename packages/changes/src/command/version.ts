/**
 * The version of the model: what commands, facts and revisions mean. A newer one is spoken only when the cluster has agreed to
 * (`finalized`), so that coordinators of two versions make the same of one log. A node that was away when it was agreed is told
 * to upgrade when it comes back, and holds nobody up.
 */
import type { Refusal } from '@lvsm/base'

export const MODEL_VERSION = 3
/** What every command, and every revision of the document, means today: none says anything newer, so that a cluster that has agreed on no more takes them. */
export const COMMAND_MODEL = 1
/** From here on coordinators may say that they are elsewhere. */
export const MODEL_WITH_ADDRESSES = 2

/** What begins to be valid with each version, in words for whoever agrees to it. */
const MEANINGS: readonly (readonly [version: number, meaning: string])[] = [
  [1, 'the configuration, intents, tokens and users as the first lvsm has them'],
  [MODEL_WITH_ADDRESSES, 'a coordinator may have other addresses than it came with (lvsm coordinators address)'],
  [
    3,
    'checks may have down-linger, client-certificate-file, contract: consul, tcp, track, panic, close, starttls, and tls also where it is not grpc, and via: vip also for UDP and several ports; ping nodes and connection synchronisation may be of IPv6',
  ],
]
export const beginsBetween = (finalized: number, version: number): string[] =>
  MEANINGS.flatMap(([number, meaning]) => (number > finalized && number <= version ? [meaning] : []))

/** Why the cluster cannot agree on this version, or null. */
export function refuseFinalize(version: number, finalized: number, known: number = MODEL_VERSION): Refusal | null {
  if (version < finalized)
    return {
      code: 'finalized-already',
      field: 'version',
      message: `the cluster speaks version ${finalized} already, and what was written since may mean nothing in version ${version}`,
      hint: 'there is no way back: upgrade the nodes that know less',
    }
  return version > known ? tooNew('the version that is to be agreed on', version, known) : null
}
const tooNew = (what: string, version: number, known: number): Refusal => ({
  code: 'model-too-new',
  field: 'model',
  message: `${what} is ${version}; this coordinator knows versions up to ${known}`,
  hint: 'upgrade lvsm on this node',
})

/** Why no coordinator may say yet that it is elsewhere, or null: one of the version before would end at it. */
export const refuseAddresses = (finalized: number): Refusal | null =>
  finalized >= MODEL_WITH_ADDRESSES
    ? null
    : {
        code: 'not-finalized',
        message: `addresses of coordinators change from model version ${MODEL_WITH_ADDRESSES} on, and the cluster still speaks ${finalized}, so that nodes of the version before understand it`,
        hint: 'when all nodes are upgraded: lvsm cluster finalize',
      }

/** Why a command of this version cannot be carried out now, or null. */
export function refuseVersion(version: number, finalized: number, known: number = MODEL_VERSION): Refusal | null {
  if (!Number.isInteger(version) || version < 1)
    return {
      code: 'bad-model-version',
      field: 'model',
      message: 'the command has no model version',
      hint: `write model: ${Math.min(known, finalized)}`,
    }
  if (version > known) return tooNew('the model version of the command', version, known)
  if (version > finalized)
    return {
      code: 'not-finalized',
      field: 'model',
      message: `the command is of model version ${version}, and the cluster still speaks ${finalized}, so that nodes of the version before understand it`,
      hint: 'when all nodes are upgraded: lvsm cluster finalize',
    }
  return null
}
