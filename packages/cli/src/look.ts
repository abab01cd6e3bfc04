/** What a verdict is made of: the status of the cluster, and what is wrong with its coordinators. */
import { coordinatorFaults, type Status } from '@lvsm/protocol'
import { ownStatus, type Places, toldStatus } from './cluster.ts'
import { glance } from './config/coordinators.ts'

/** The status is there in less than a second, whatever becomes of the coordinators. */
const GLANCE_MS = 400

export interface Looked {
  readonly seen: Status
  /** What is wrong with coordinators. */
  readonly faults: readonly string[]
  /** What is not wrong, and is to be known. */
  readonly notes: readonly string[]
}
/** `coordinatorPaths`: empty: coordinators are not looked at. */
type Around = Places & { readonly coordinatorPaths: readonly string[] }

/** `isLooked`: at coordinators, too. */
export async function lookAround(places: Around, isLooked: boolean): Promise<Looked> {
  const kept = isLooked ? glance(places.coordinatorPaths, GLANCE_MS) : null
  const [told, report] = await Promise.all([toldStatus(places), kept])
  const seen = told.status ?? (await ownStatus(places))
  const isOwn = isLooked && told.status === null && places.coordinators.length > 0 && seen.coordinators === true
  const { answered } = told
  const isSilent = answered === null && report === null
  const faults = [...(isOwn && isSilent ? [SILENT] : []), ...(report ? coordinatorFaults(report) : [])]
  return { seen, faults, notes: isOwn && !isSilent ? [withoutStatus(answered)] : [] }
}

const ITSELF = 'what stands above is what the agent of this node knows by itself, and of other nodes little'
const SILENT = `none answered this node within half a second: ${ITSELF}: lvsm coordinators`
/** `answered`: of HTTP; null: it answered another question in time, and not this one. */
function withoutStatus(answered: number | null): string {
  if (answered === 200) return `one answered, and has heard of no agent yet, as after its start: ${ITSELF}`
  if (answered === 503) return `one answered, and knows no configuration yet, as after its start: ${ITSELF}`
  const why = answered === null ? 'in time' : `(HTTP ${answered})`
  return `one answered, and told no status ${why}: ${ITSELF}`
}
