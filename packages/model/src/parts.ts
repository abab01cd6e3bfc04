/** Of what part of a configuration each field is, by which nodes tell each other that they have another one. */

/** Beside what votes and services depend on, whose digests are older: together all the rest. An older agent does not say them. */
export const OF_OTHER = [
  ...(['cluster name', 'nodes', 'links', 'keys', 'interfaces', 'hooks', 'gateways'] as const),
  ...(['synchronisation', 'monitoring', 'receivers', 'other settings'] as const),
] as const
export type Other = (typeof OF_OTHER)[number]

type Named =
  | 'voters'
  | 'directors'
  | 'addresses'
  | 'ping nodes'
  | 'timing'
  | 'services'
  | 'schedulers'
  | 'realservers'
  | 'checks'
/** Fields that a digest of their own covers; whatever is not here is of the others. */
const NAMED: Readonly<Record<Named, readonly string[]>> = {
  voters: ['nodes.voter'],
  directors: ['groups', 'groups.name', 'groups.directors'],
  addresses: ['groups.addresses', 'groups.addresses.address'],
  'ping nodes': ['groups.ping'],
  timing: ['timing.*'],
  services: [
    ...['services', 'services.name', 'services.group', 'services.address', 'services.port', 'services.protocol'],
    // Mark and family follow from name and address.
    ...['services.ports', 'services.ports.*', 'services.fwmark', 'services.family'],
  ],
  schedulers: [
    ...['services.scheduler', 'services.schedulerFlags', 'services.onePacket', 'services.persistence.*'],
    ...['services.helper', 'ipvsTimeouts.*'],
  ],
  realservers: [
    ...['', '.node', '.address', '.port', '.forward', '.weight', '.upper', '.lower'],
    ...['.tunnel', '.tunnelPort', '.placement', '.backup'],
  ].map((key) => `services.realservers${key}`),
  checks: [
    ...[
      'type',
      'intervalMs',
      'timeoutMs',
      'fall',
      'rise',
      'keepLast',
      'ownView',
      'via',
      'track',
      'port',
      'keys.*',
      'pacing.*',
    ].map((key) => `services.check.${key}`),
    ...['services.quorum', 'services.hysteresis'],
  ],
}
const OTHER: Readonly<Record<string, Other>> = {
  cluster: 'cluster name',
  nodes: 'nodes',
  'nodes.links': 'links',
  keys: 'keys',
  signWith: 'keys',
  'groups.addresses': 'interfaces',
  'groups.takeHooks': 'hooks',
  'groups.releaseHooks': 'hooks',
  'groups.hookUser': 'hooks',
  'groups.hookTimeoutMs': 'hooks',
  'services.realservers.gateway': 'gateways',
  'services.realservers.route': 'gateways',
  'services.realservers.agent': 'nodes',
  sync: 'synchronisation',
  monitoring: 'monitoring',
  agentCheck: 'monitoring',
  receivers: 'receivers',
}

const exact = new Map<string, Named>()
const below: [string, Named][] = []
for (const [subject, fields] of Object.entries(NAMED) as [Named, readonly string[]][])
  for (const field of fields)
    if (field.endsWith('.*')) below.push([field.slice(0, -1), subject])
    else exact.set(field, subject)

export const namedSubject = (field: string): Named | null =>
  exact.get(field) ?? below.find(([begin]) => field.startsWith(begin))?.[1] ?? null
export const isOther = (field: string): boolean => namedSubject(field) === null

/** By the longest beginning that is known. */
export function otherSubject(field: string): Other {
  for (let begin = field; begin !== ''; begin = begin.slice(0, Math.max(0, begin.lastIndexOf('.')))) {
    const subject = Object.hasOwn(OTHER, begin) ? OTHER[begin] : undefined
    if (subject !== undefined) return subject
  }
  return 'other settings'
}
export const subjectOf = (field: string): Named | Other => namedSubject(field) ?? otherSubject(field)
