/** One that left the configuration while it had connections. */
import { after, type Instant } from '@lvsm/base'
import { type ConfigRealserver, LEAVING_MS } from '@lvsm/model'

export interface Leaving {
  readonly service: string
  /** Socket or mark of the service, as it was: of another one nothing goes on. */
  readonly of: string
  /** The first revision without it. */
  readonly revision: number
  readonly since: Instant
  readonly realserver: ConfigRealserver
}

/** When what is left of its connections is cut off. */
export const leavesAt = ({ since }: Leaving): Instant => after(since, LEAVING_MS)
