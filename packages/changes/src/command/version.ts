/**
 * The version of the model: what commands, facts and revisions mean. A newer one is spoken only when the cluster has agreed to
 * (`finalized`), so that coordinators of two versions make the same of one log. A node that was away when it was agreed is told
 * to upgrade when it comes back, and holds nobody up.
 */
import type { Refusal } from '@lvsm/base'

export const MODEL_VERSION = 1

/** Why a command of this version cannot be carried out now, or null. */
export function refuseVersion(version: number, finalized: number, known: number = MODEL_VERSION): Refusal | null {
  if (!Number.isInteger(version) || version < 1)
    return {
      code: 'bad-model-version',
      field: 'model',
      message: 'the command has no model version',
      hint: `write model: ${Math.min(known, finalized)}`,
    }
  if (version > known)
    return {
      code: 'model-too-new',
      field: 'model',
      message: `the command is of model version ${version}; this coordinator knows versions up to ${known}`,
      hint: 'upgrade lvsm on this node',
    }
  if (version > finalized)
    return {
      code: 'not-finalized',
      field: 'model',
      message: `the command is of model version ${version}, and the cluster still speaks ${finalized}, so that nodes of the version before understand it`,
      hint: 'when all nodes are upgraded: lvsm cluster finalize',
    }
  return null
}
