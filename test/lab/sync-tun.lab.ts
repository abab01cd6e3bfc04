// lab: topology=tunnels long=yes
/** Connections through tunnels survive as those by DR and NAT do: bare ones, a WebSocket, a download. */
import { on, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { download, type Program, serverOn, session, webSession } from './sessions.ts'
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
  const undo = await rewrite((file) => `${file.replace('revision: 1', 'revision: 2').trimEnd()}\n${SERVICES}`)
  const servers: Program[] = []
  try {
    servers.push(await serverOn('rs1', BARE), await serverOn('rs2', WEB, 'websocket'))
    for (const node of ['dir1', 'dir2'])
      await until(
        async () => (await on(node, 'ipvsadm -Sn')).includes(`:${WEB} -i`),
        30_000,
        `${node} has the services`,
      )
    await survive([
      ['session by IP in IP', session(BARE)],
      ['WebSocket by GRE', webSession(WEB)],
      ['download by IP in IP', download(BARE)],
    ])
  } finally {
    for (const server of servers) server.end()
    await undo()
    await until(async () => (await status()).revision === 1, 30_000, 'the file before is in use')
  }
})
