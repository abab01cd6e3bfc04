/** Every kind of probe that the model's table of checks has, and how it is asked. */
import type { ProbeKind } from '@lvsm/model'
import type { Ask } from '../attempt.ts'
import { askAgent } from './agent.ts'
import { askConnect } from './connect.ts'
import { askMysql, askPostgres } from './databases.ts'
import { askLdap } from './directory.ts'
import { askDns } from './dns.ts'
import { askExpect } from './expect.ts'
import { askGrpc } from './grpc.ts'
import { askHttp, askHttps } from './http.ts'
import { askIcmp } from './icmp.ts'
import { askFtp, askImap, askPop3, askRedis, askSmtp } from './lines.ts'
import { askScript } from './script.ts'
import { askTls } from './tls.ts'
import { askUdp } from './udp.ts'

export const PROBES: Readonly<Record<ProbeKind, Ask>> = {
  connect: askConnect,
  tls: askTls,
  http: askHttp,
  https: askHttps,
  grpc: askGrpc,
  expect: askExpect,
  udp: askUdp,
  dns: askDns,
  icmp: askIcmp,
  smtp: askSmtp,
  ftp: askFtp,
  imap: askImap,
  pop3: askPop3,
  redis: askRedis,
  mysql: askMysql,
  postgres: askPostgres,
  ldap: askLdap,
  script: askScript,
  agent: askAgent,
}
