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
