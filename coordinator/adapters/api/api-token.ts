/** Tokens of scripts as text: which one, and its secret. */
const PREFIX = 'lvsm-api'

export const encodeApiToken = (id: string, secret: string): string => `${PREFIX}.${id}.${secret}`

/** Null: it is none. */
export function decodeApiToken(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = /^lvsm-api\.([0-9a-f]{8})\.([0-9a-f]{32})$/.exec(text) ?? []
  return id === undefined || secret === undefined ? null : { id, secret }
}
