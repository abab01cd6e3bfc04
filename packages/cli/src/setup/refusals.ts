/** Why a machine does not become a node of a cluster: all the reasons, each as a sentence with a way out. */
import type { Exit } from '@lvsm/protocol'
import { Failure } from '../failure.ts'

interface Row {
  readonly says: string
  readonly wayOut: string
  readonly exit?: Exit
}
const AGAIN = 'make a new one on any node of the cluster: lvsm token create'

/** By code: those of the coordinators, and those that are found here. */
export const JOIN_REFUSALS = {
  'no-token': {
    says: 'this is no token',
    wayOut: 'lvsm token create prints one, on a node of the cluster',
    exit: 'usage',
  },
  'token-unknown': { says: 'the cluster does not know the token', wayOut: AGAIN },
  'token-expired': { says: 'the token is over', wayOut: AGAIN },
  'token-used': { says: 'the token is used up', wayOut: AGAIN },
  'token-revoked': { says: 'the token was revoked', wayOut: AGAIN },
  'token-node': { says: 'the token is for another node', wayOut: 'join under that name: --name NODE' },
  'token-role': { says: 'the token is for another role', wayOut: 'join in that role: --role ROLE' },
  'node-otherwise': {
    says: 'the configuration has this node, otherwise than the command line says',
    wayOut: 'leave that option out, or change it in the configuration first: lvsm node set, lvsm link set',
  },
  'too-many-tries': { says: 'too many tries have failed lately', wayOut: 'wait a minute' },
  'already-a-node': {
    says: 'this machine is a node of a cluster already',
    wayOut: 'lvsm status says of which; to join another one: lvsm leave',
  },
  'wrong-cluster': {
    says: 'the coordinator is of another cluster than the token, or somebody is in between',
    wayOut: 'take the token from a node of the cluster again; look who answers at that address',
  },
  'clock-off': {
    says: "by this machine's clock the certificate of the coordinator is not valid now: its clock, or this one, is a day off or more",
    wayOut: 'set the clock that is wrong (date -u on both), and join again with the same token',
  },
  'no-coordinator': {
    says: 'no coordinator is reached',
    wayOut:
      'open their TCP port for people to this machine, and look whether lvsm-coordinator runs there; nothing was changed',
    exit: 'unreachable',
  },
  'no-leader': {
    says: 'no majority of the coordinators is there',
    wayOut: 'lvsm coordinators, on one of them, says who is missing; joining again with the same token is safe',
    exit: 'unreachable',
  },
  'name-taken': { says: 'another machine has this name', wayOut: 'join under another one: --name NAME' },
  'key-taken': {
    says: 'another node has the key of this machine',
    wayOut: 'a cloned machine needs a key of its own: lvsm leave --force here, and join again',
  },
  'duplicate-address': { says: 'another node has this address', wayOut: 'name another one: --address ADDRESS' },
  'address-absent': {
    says: 'no network of this machine has the address',
    wayOut: 'give it to an interface (ip address), or name another one: --address ADDRESS',
  },
  'port-in-use': {
    says: 'another program listens on a port that lvsm needs',
    wayOut: 'ss -lnp says which; end it, or choose another port: --port, --listen, --api',
  },
  'port-closed': {
    says: 'a port is closed',
    wayOut: 'open it in the firewalls in between and on both machines; --no-probe joins without trying',
  },
  'no-heartbeat-key': {
    says: 'a key of the heartbeats is not on this machine, and no coordinator that was asked has it',
    wayOut:
      'on the node of a coordinator, as root: lvsm coordinators secrets; or copy that file here from another node (mode 0600, root). Then join with the same token',
  },
  'model-too-new': { says: 'this lvsm is newer than the cluster', wayOut: 'install the version of the cluster here' },
  'not-finalized': {
    says: 'this lvsm is newer than the cluster speaks yet',
    wayOut: 'lvsm cluster finalize there, or install the version of the cluster here',
  },
  'other-version': {
    says: 'the coordinator is of another version',
    wayOut: 'install the version of the cluster here',
    exit: 'unreachable',
  },
} as const satisfies Readonly<Record<string, Row>>
export type JoinRefusal = keyof typeof JOIN_REFUSALS

const OTHER: Row = { says: 'the coordinators do not let it in', wayOut: 'look at the log of the coordinator' }
const isRow = (code: string): code is JoinRefusal => Object.hasOwn(JOIN_REFUSALS, code)

/** `detail`: of this very case. `hint`: a way out that is closer than the row's. */
export class NotJoined extends Failure {
  readonly code: string
  constructor(code: string, detail: string, hint?: string) {
    const row: Row = isRow(code) ? JOIN_REFUSALS[code] : OTHER
    super(row.exit ?? 'refused', detail === '' ? row.says : `${row.says}: ${detail}`, hint ?? row.wayOut)
    this.code = code
  }
}
