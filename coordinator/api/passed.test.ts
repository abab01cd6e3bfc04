/** What a node's word is good for: of who may what, never more than the one who asks there. */
import { beginState, parseDocument } from '@lvsm/changes'
import type { ConfigRouteName, Passed, UserRole } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { roleFor, routeFor } from './passed.ts'

const { document } = parseDocument(SAMPLE_DOCUMENT)
if (!document) throw new Error('the sample has faults')
const STATE = beginState(document, { at: 0, author: 'init', comment: '' })
const wanted = (subject: object, verb: string): string =>
  JSON.stringify({ command: { model: 1, verb, subject, forMs: null, comment: '' } })
const drain = (node: string): string => wanted({ kind: 'server', node, service: null }, 'drain')
const role = (node: string, as: UserRole, route: ConfigRouteName, body = ''): UserRole =>
  roleFor(
    STATE,
    node,
    { kind: 'asked', method: 'POST', path: '', body, user: { name: 'u', role: as } } as Passed,
    route,
  )

test.each<[string, UserRole, ConfigRouteName, string, UserRole]>([
  ['dir1', 'admin', 'change', '', 'admin'],
  // A member of lvsm-view there looks, as he does on every other node.
  ['dir1', 'viewer', 'change', '', 'viewer'],
  ['dir1', 'viewer', 'intent', drain('dir1'), 'viewer'],
  ['rs1', 'admin', 'change', '', 'viewer'],
  ['rs1', 'admin', 'intent', drain('rs1'), 'operator'],
  ['rs1', 'viewer', 'intent', drain('rs1'), 'viewer'],
  ['rs1', 'admin', 'intent', drain('rs2'), 'viewer'],
  ['rs1', 'admin', 'intent', wanted({ kind: 'group', group: 'web' }, 'stop'), 'viewer'],
  ['rs1', 'admin', 'intent', '{"command":', 'viewer'],
  ['rs1', 'admin', 'intentPreview', drain('rs1'), 'viewer'],
  ['nobody', 'admin', 'change', '', 'viewer'],
])('at %s a %s who asks %s %s is %s', (node, as, route, body, is) => expect(role(node, as, route, body)).toBe(is))

test.each<['GET' | 'POST', string, ConfigRouteName | null]>([
  ['GET', '/v1/config?yaml=true', 'document'],
  ['POST', '/v1/config/change', 'change'],
  ['GET', '/v1/config/change', null],
  ['POST', '/v1/config', null],
  ['POST', '/v1/backup', null],
  ['POST', '/v1/heartbeat-secrets', null],
])('%s %s is %s', (method, path, name) => expect(routeFor({ method, path })).toBe(name))
