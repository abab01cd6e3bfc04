/** Which node this machine is to be: as the options say it, else asked for on a terminal, else what the machine proposes. */
import { refuseAddress } from '@lvsm/model'
import { Failure } from '../failure.ts'
import { answerTo } from '../questions.ts'
import { nodeName, type Place, places } from './host.ts'
import { type NodeChoice, type Role, ROLES } from './options.ts'

/** One for all nodes: heartbeats go between links of one name. */
export const LINK = 'heartbeat'

export interface NodeHere {
  readonly name: string
  readonly role: Role
  /** Null: none of this machine's has the address now. */
  readonly interface: string | null
  readonly address: string
}

/** `near`: the interface whose network has this address is proposed first. */
export interface Proposals {
  readonly role: Role
  readonly near: string | null
  readonly inNetwork: (place: Place, address: string) => boolean
}

export async function chooseNode(choice: NodeChoice, proposals: Proposals, asking: boolean): Promise<NodeHere> {
  const ask = (question: string, given: string | undefined, proposal: string, refuse: Refuse): Promise<string> =>
    asking && given === undefined ? answerTo(question, proposal, refuse) : settled(question, given ?? proposal, refuse)
  const name = await ask('Name of this node', choice.name, nodeName(), (text) =>
    text === '' ? 'a name is needed' : null,
  )
  const role = await ask(`Role (${ROLES.join(', ')})`, choice.role, proposals.role, (text) =>
    roleOf(text) ? null : `one of ${ROLES.join(', ')} is needed`,
  )
  const place = await choosePlace(choice, proposals, ask)
  return { name, role: roleOf(role) ?? proposals.role, ...place }
}

type Refuse = (answer: string) => string | null
type Ask = (question: string, given: string | undefined, proposal: string, refuse: Refuse) => Promise<string>

async function choosePlace(choice: NodeChoice, { near, inNetwork }: Proposals, ask: Ask) {
  const here = places()
  if (choice.address !== undefined) {
    const fault = refuseAddress(choice.address)
    if (fault) throw new Failure('usage', `--address ${choice.address}: ${fault.message}`, fault.hint)
    return {
      interface: here.find(({ address }) => address === choice.address)?.interface ?? null,
      address: choice.address,
    }
  }
  const closest = near === null ? undefined : here.find((place) => inNetwork(place, near))
  const proposal = closest ?? here[0]
  if (!proposal)
    throw new Failure('usage', 'this machine has no address at which others reach it', 'name one: --address ADDRESS')
  const names = [...new Set(here.map((place) => place.interface))]
  const name = await ask(
    `Interface for heartbeats (${names.join(', ')})`,
    choice.interface,
    proposal.interface,
    (text) => (names.includes(text) ? null : `no interface ${text} has an address; there are ${names.join(', ')}`),
  )
  const address = here.find((place) => place.interface === name)?.address ?? proposal.address
  return { interface: name, address }
}

const roleOf = (text: string): Role | undefined => ROLES.find((role) => role === text)

async function settled(question: string, answer: string, refuse: Refuse): Promise<string> {
  const reason = refuse(answer)
  if (reason !== null)
    throw new Failure('usage', `${question}: ${reason}`, 'lvsm init --help and lvsm join --help list the options')
  return answer
}
