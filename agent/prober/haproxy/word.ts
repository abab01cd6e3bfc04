/** What HAProxy is told: one line of words (HAProxy, configuration.txt, agent-check). All of them each time: what is not said would hold on. */
import { cut, type AgentFact } from '@lvsm/protocol'
import { plainLine } from '@lvsm/base'

/** HAProxy shows it in its statistics. */
const LONGEST_WHY = 100

type Listens = (place: NonNullable<AgentFact['listens']>) => boolean | null
type Word = Pick<AgentFact, 'admin' | 'percent' | 'why'> & { readonly up: boolean }

/** The owner's verdict; where that is not told here, whether anybody listens. */
function wordOf({ admin, up, percent, why, listens: place }: AgentFact, listens: Listens): Word {
  if (up !== null) return { admin, up, percent, why }
  const deaf = place !== null && listens(place) === false
  return { admin, up: !deaf, percent, why: deaf ? `nothing listens at ${place.protocol} port ${place.port}` : '' }
}

const lineOf = ({ admin, up, percent, why }: Word): string =>
  `${admin} ${up ? `up ${percent}%` : `down #${cut(plainLine(why), LONGEST_WHY)}`}\n`

/** Of a node as a whole: it takes new connections of whatever it serves, and as little of its weight as any of that. */
function together(words: readonly Word[]): Word {
  const open = words.filter(({ admin }) => admin === 'ready')
  const admin = open.length > 0 ? 'ready' : words.some((one) => one.admin === 'drain') ? 'drain' : 'maint'
  const same = words.filter((one) => one.admin === admin)
  const living = same.filter(({ up }) => up)
  const why = [...new Set(same.map((one) => one.why))].join('; ')
  return { admin, up: living.length > 0, percent: Math.min(100, ...living.map(({ percent }) => percent)), why }
}

/** Empty: there is nothing to say, and HAProxy leaves things as they are. `name`: of a service; empty: of the node. */
export function answerTo(name: string, facts: readonly AgentFact[], listens: Listens): string {
  const asked = name === '' ? facts : facts.filter(({ service }) => service === name)
  const words = asked.map((fact) => wordOf(fact, listens))
  return words.length === 0 ? '' : lineOf(together(words))
}
