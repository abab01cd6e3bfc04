/**
 * What a document may say from a later version of the model on. A coordinator of the version before refuses the document that says it, and stays with the
 * one before: so the others refuse it, too, until the cluster has agreed on that version.
 */
import { familyOf, type Refusal } from '@lvsm/base'
import type { Document } from '../document/document.ts'

type Check = Readonly<Record<string, unknown>>
interface Word {
  /** As it is told: who has it, and what. */
  readonly text: string
  readonly from: number
  /** Fields that say it. */
  readonly fields: (document: Document) => readonly string[]
}

const ofChecks = (key: string, text: string, isIn: (check: Check) => boolean): Word => ({
  ...{ text: `a check has ${text}`, from: 3 },
  fields: ({ services }) =>
    Object.entries(services ?? {}).flatMap(([name, { check }]) =>
      check && isIn(check) ? [`services.${name}.check.${key}`] : [],
    ),
})
const isOfIpv6 = (address: string | undefined): boolean => address !== undefined && familyOf(address) === 'ipv6'

/** The later keys and values: one that is added here comes with the version of its row. */
const WORDS: readonly Word[] = [
  ofChecks('down-linger', 'down-linger', (check) => check['down-linger'] !== undefined),
  ofChecks(
    'client-certificate-file',
    'client-certificate-file',
    (check) => check['client-certificate-file'] !== undefined,
  ),
  ofChecks('tls', 'tls, of another type than grpc,', ({ tls, type }) => tls !== undefined && type !== 'grpc'),
  ofChecks('close', 'close', ({ close }) => close !== undefined),
  ofChecks('panic', 'panic', ({ panic }) => panic !== undefined),
  ofChecks('track', 'track', ({ track }) => track !== undefined),
  ofChecks('starttls', 'starttls', ({ starttls }) => starttls !== undefined),
  ofChecks('tcp', 'tcp', ({ tcp }) => tcp !== undefined),
  ofChecks('contract', 'contract: consul', ({ contract }) => contract === 'consul'),
  {
    ...{ text: 'a service that is not of TCP on one port has via: vip', from: 3 },
    fields: ({ services }) =>
      Object.entries(services ?? {}).flatMap(([name, { check, protocol, ports }]) =>
        check?.via === 'vip' && (protocol !== 'tcp' || ports !== undefined) ? [`services.${name}.check.via`] : [],
      ),
  },
  {
    ...{ text: 'a group has ping nodes of IPv6', from: 3 },
    fields: ({ groups }) =>
      Object.entries(groups ?? {}).flatMap(([name, { ping }]) => (ping?.some(isOfIpv6) ? [`groups.${name}.ping`] : [])),
  },
  {
    ...{ text: 'directors have a sync-group of IPv6', from: 3 },
    fields: (document) => (isOfIpv6(document['sync-group']) ? ['sync-group'] : []),
  },
  {
    ...{ text: 'directors have a sync-link with addresses of IPv6', from: 3 },
    fields: ({ 'sync-link': link, nodes }) =>
      link !== undefined && Object.values(nodes ?? {}).some(({ links }) => isOfIpv6(links[link]?.address))
        ? ['sync-link']
        : [],
  },
]

/** What the document before says already is none: whoever could not read that is elsewhere since then. */
export function refuseNewerWords(before: Document, after: Document, finalized: number): Refusal[] {
  const newer = WORDS.filter(({ from, fields }) => from > finalized && fields(before).length === 0)
  return newer.flatMap(({ text, from, fields }) =>
    fields(after).map((field) => ({
      ...{ code: 'not-finalized', field },
      message: `${text} from model version ${from} on, and the cluster still speaks ${finalized}: a coordinator of the version before would go on with another configuration`,
      hint: 'when all nodes are upgraded: lvsm cluster finalize',
    })),
  )
}
