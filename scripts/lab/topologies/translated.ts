import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
const unchecked = { ...http, check: { type: 'none' } }

/** What directors translate: FTP with its helper by NAT (rs3), and by full NAT rs2, which has a shorter way to clients. rs1 serves by DR. */
export const translated: Topology = {
  ...standard,
  name: 'translated',
  about: 'the default; rs3 serves FTP by NAT with the helper, rs2 web pages by full NAT, rs1 (votes) by DR',
  services: [
    { ...http, realservers: [{ node: 'rs1', address: '10.11.0.11', forward: 'dr', weight: 1 }] },
    {
      ...unchecked,
      ...{ name: 'files', port: 21, helper: 'ftp' },
      realservers: [{ node: 'rs3', address: '10.12.0.13', forward: 'nat', gateway: '10.12.0.254', weight: 1 }],
    },
    {
      ...unchecked,
      ...{ name: 'full', port: 8080 },
      realservers: [{ node: 'rs2', address: '10.12.0.12', port: 80, forward: 'fullnat', weight: 1 }],
    },
  ],
}
