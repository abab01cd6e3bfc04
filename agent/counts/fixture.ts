/** Test data: the names of a small configuration. */
import type { Names } from '@lvsm/protocol'

export const NAMES: Names = {
  cluster: 'lab',
  node: 'dir1',
  revision: 7,
  groups: [
    { name: 'web', directed: true },
    { name: 'mail', directed: false },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      key: 'tcp 10.11.0.10:80',
      realservers: [
        { node: 'rs1', key: '10.11.0.11:80' },
        { node: 'rs2', key: '10.11.0.12:80' },
      ],
    },
    { name: 'smtp', group: 'web', key: 'tcp 10.11.0.10:25', realservers: [{ node: 'rs1', key: '10.11.0.11:25' }] },
  ],
}

/** The kernel knows `files` and `rest` by mark; `sip` has a port of the same address for itself. */
export const ON_PORTS: Names = {
  ...NAMES,
  services: [
    {
      name: 'rest',
      group: 'web',
      key: 'fwmark 8',
      onPorts: { address: '10.11.0.20', protocols: ['tcp', 'udp'], ranges: [{ from: 1, to: 65_535 }] },
      realservers: [{ node: 'rs2', key: '10.11.0.12:0' }],
    },
    {
      name: 'files',
      group: 'web',
      key: 'fwmark 7',
      onPorts: {
        ...{ address: '10.11.0.20', protocols: ['tcp'] },
        ranges: [
          { from: 80, to: 80 },
          { from: 8000, to: 8100 },
        ],
      },
      realservers: [
        { node: 'rs1', key: '10.11.0.11:0' },
        { node: 'rs2', key: '10.11.0.12:0' },
      ],
    },
    { name: 'sip', group: 'web', key: 'udp 10.11.0.20:5060', realservers: [{ node: 'rs1', key: '10.11.0.11:5060' }] },
  ],
}
