/** What is wrong around a coordinator now: said once when it begins and when it is over. */
import type { Trouble } from '@lvsm/base'

export class Troubles {
  readonly #say: (text: string) => void
  readonly #known = new Map<string, { readonly trouble: Trouble; readonly endsAt: number }>()

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  /** `null`: it is over. One with `leftMs` is over by itself. */
  note(about: string, trouble: Trouble | null): void {
    const before = this.#known.get(about)?.trouble
    if (trouble === null) {
      this.#known.delete(about)
      if (before) this.#say(`over: ${before.message}`)
      return
    }
    const endsAt = performance.now() + (trouble.leftMs ?? Number.POSITIVE_INFINITY)
    this.#known.set(about, { trouble, endsAt })
    if (before?.message !== trouble.message)
      this.#say(trouble.hint ? `${trouble.message}\n  → ${trouble.hint}` : trouble.message)
  }

  present(): Trouble[] {
    const now = performance.now()
    for (const [about, { endsAt }] of this.#known) if (endsAt <= now) this.#known.delete(about)
    return [...this.#known.values()].map(({ trouble }) => trouble)
  }
}
