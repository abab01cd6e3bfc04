// lab: topology=tunnels long=yes
/** Connections through tunnels survive as those by DR and NAT do: bare ones, a WebSocket, a download. */
import { beside } from './beside.ts'
import { scenario } from './scenario.ts'
import { download, serverOn, session, webSession } from './sessions.ts'
import { STORY, survive } from './surviving.ts'
import { whole } from './witness.ts'

const [BARE, WEB] = [7000, 7001] as const
const SERVICES = [
  ['long-ipip', BARE, '{ node: rs1, address: 10.12.0.11, forward: tun }'],
  ['long-gre', WEB, '{ node: rs2, address: 10.12.0.12, forward: tun, tunnel: gre }'],
]
  .map(
    ([name, port, server]) =>
      `  - { name: ${name}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${server}] }\n`,
  )
  .join('')

scenario(`${STORY}, by IP in IP and GRE`, async () => {
  await whole()
  const servers = () => [serverOn('rs1', BARE), serverOn('rs2', WEB, 'websocket')]
  await beside({ services: SERVICES, servers, last: `:${WEB} -i` }, () =>
    survive([
      ['session by IP in IP', session(BARE)],
      ['WebSocket by GRE', webSession(WEB)],
      ['download by IP in IP', download(BARE)],
    ]),
  )
})
