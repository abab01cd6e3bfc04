/** What a virtual service is beside its name and its destinations, with its one text form. */
export interface ServiceSpec {
  readonly scheduler: string
  /** Flags of the scheduler, in the order of its row in SCHEDULERS. */
  readonly flags: readonly string[]
}

/** `sh (sh-fallback, sh-port)`. Equal texts are equal specs. */
export const specText = ({ scheduler, flags }: ServiceSpec): string =>
  flags.length === 0 ? scheduler : `${scheduler} (${flags.join(', ')})`
