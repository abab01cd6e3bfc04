/** A configuration of any size: so many services, each with its realservers. */
export function documentOf(services: number, realservers: number): string {
  const node = (name: string, role: string, host: string, voter: boolean) => ({
    name,
    roles: [role],
    ...(voter ? { voter } : {}),
    links: [{ name: 'heartbeat', address: host }],
  })
  const servers = Array.from({ length: realservers }, (_, at) => ({ name: `r${at}`, address: `10.10.1.${at + 1}` }))
  const file = {
    cluster: 'bench',
    revision: 1,
    keys: [{ id: 1, algorithm: 'sha256', file: '/etc/lvsm/heartbeat.key' }],
    'sign-with': 1,
    nodes: [
      node('dir1', 'director', '10.10.0.1', true),
      node('dir2', 'director', '10.10.0.2', true),
      node('rs1', 'realserver', '10.10.0.3', true),
      ...servers.map(({ name, address }) => node(name, 'realserver', address, false)),
    ],
    groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.10.9.1/16'] }],
    services: Array.from({ length: services }, (_, at) => ({
      name: `s${at}`,
      group: 'web',
      address: '10.10.9.1',
      port: 1000 + at,
      protocol: 'tcp',
      scheduler: 'wrr',
      realservers: servers.map(({ name, address }) => ({ node: name, address, forward: 'dr' })),
    })),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}
