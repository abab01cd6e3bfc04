/**
 * Kernel settings as they count: for most of an interface `conf/all` has a say too, and in three ways (kernel documentation, ip-sysctl).
 * Whoever reads one of the two files is wrong.
 */
import type { Fix, MachineFacts } from '@lvsm/protocol'

/** The larger of the two, or on where either is. */
export type Combined = 'larger' | 'either'

export interface Counted {
  readonly value: number
  /** Both files, and what comes of them. */
  readonly evidence: string
}

const conf = (name: string, key: string): string => `net/ipv4/conf/${name}/${key}`

export class Settings {
  readonly #sysctls: MachineFacts['sysctls']

  constructor({ sysctls }: Pick<MachineFacts, 'sysctls'>) {
    this.#sysctls = sysctls
  }

  /** Null: the kernel has no such setting. */
  number(path: string): number | null {
    const text = this.#sysctls[path]
    return text === undefined || !/^-?\d+$/.test(text.trim()) ? null : Number(text)
  }
  /** As it would be typed: `net.ipv4.ip_forward = 0`. */
  text(path: string): string {
    return `${path.replaceAll('/', '.')} = ${this.#sysctls[path] ?? '(none)'}`
  }

  /** Of an interface; null where the kernel has neither file. */
  counted(name: string, key: string, how: Combined): Counted | null {
    const [all, own] = [this.number(conf('all', key)), this.number(conf(name, key))]
    if (all === null && own === null) return null
    const [one, other] = [all ?? 0, own ?? 0]
    const value = how === 'larger' ? Math.max(one, other) : one !== 0 || other !== 0 ? 1 : 0
    const rule = how === 'larger' ? 'the larger counts' : 'one of them is enough'
    return { value, evidence: `${key}: all = ${one}, ${name} = ${other}; ${rule}: ${value}` }
  }

  /** To this value, where it has another one. */
  fix(path: string, value: string): Fix[] {
    const was = this.#sysctls[path]
    return was === undefined || was === value ? [] : [{ kind: 'sysctl', path, value, was }]
  }
  /** Of `all` and each of these interfaces. */
  fixAll(names: readonly string[], key: string, value: string): Fix[] {
    return ['all', ...names].flatMap((name) => this.fix(conf(name, key), value))
  }
}
