// lab: long=yes
/**
 * `npm run bench -- survive`: of ten thousand established connections, how many survive a power cut of their director, by DR, NAT and
 * tunnel. They are opened at an even pace until it is cut, so that some were idle for long and some have just begun; whoever hears an echo
 * afterwards survived.
 */
import { beside, type Beside } from './beside.ts'
import { demand, figure, lab, on, owner } from './harness.ts'
import { scenario } from './scenario.ts'
import { Program, serverOn } from './sessions.ts'
import { successorOf, whole } from './witness.ts'

const CONNECTIONS = Number(process.env['LAB_CONNECTIONS'] ?? 10_000)
/** A second, as many as an emulated guest opens beside all else. */
const PACE = Number(process.env['LAB_PACE_OF_CONNECTIONS'] ?? 200)
/** So long the standby may need to know of a connection. */
const KNOWN_MS = 3000
/** Of those that were idle for so long. */
const DEMANDED = 0.999
const OPENS_MS = (CONNECTIONS / PACE) * 1000 * 4 + 60_000
/** Lost packets are sent again after one, two, four and eight seconds; a mass of them takes an emulated guest its time. */
const ANSWER_MS = 30_000
/** For the sockets of one process, and some. */
const FILES = CONNECTIONS + 2000

const WAYS = [
  { name: 'DR', port: 7100, node: 'rs1', server: '{ node: rs1, address: 10.11.0.11, forward: dr }' },
  {
    ...{ name: 'NAT', port: 7101, node: 'rs3' },
    server: '{ node: rs3, address: 10.12.0.13, forward: nat, gateway: 10.12.0.254 }',
  },
  { name: 'TUN', port: 7102, node: 'rs2', server: '{ node: rs2, address: 10.12.0.12, forward: tun }' },
] as const
type Way = (typeof WAYS)[number]

const besides = ({ name, port, node, server }: Way): Beside => ({
  services: `  - { name: many-${name.toLowerCase()}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${server}] }\n`,
  servers: () => [serverOn(node, port, 'bytes', FILES)],
  last: `:${port} `,
})

/**
 * Opens connections at an even pace, each says a byte once it is there and is idle from its echo on. `hold`: no more are opened. `judge BEFORE AFTER`: the
 * power was cut between these readings of the monotonic clock; what had its echo before is asked again, and one line tells of both kinds.
 */
const MANY = (vip: string, port: number): string => `
  const { connect } = require('node:net')
  const clock = () => Number(process.hrtime.bigint() / 1000n) / 1000
  const all = []
  let held = false, there = 0, told = false
  const began = clock()
  const timer = setInterval(() => {
    while (!held && all.length < (clock() - began) * ${PACE} / 1000) {
      const one = { socket: connect({ host: '${vip}', port: ${port} }).setNoDelay(true), heardAt: null, echo: false, error: null }
      all.push(one)
      one.socket.on('connect', () => one.socket.write('x'))
      one.socket.on('error', ({ code }) => { one.error = code }).on('close', () => { one.error ??= 'closed' })
      one.socket.on('data', () => {
        if (one.heardAt !== null) { one.echo = true; return }
        one.heardAt = clock(); there++
        if (!told && there >= ${CONNECTIONS}) { told = true; console.log('open ' + there) }
      })
    }
  }, 20)
  const kind = (some) => {
    const lost = {}
    for (const one of some) if (!one.echo) { const why = one.error ?? 'silent'; lost[why] = (lost[why] ?? 0) + 1 }
    return { all: some.length, survived: some.filter((one) => one.echo).length, lost }
  }
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [word, before, after] = line.split(' ')
    held = true
    clearInterval(timer)
    if (word !== 'judge') return
    const idle = all.filter((one) => one.heardAt !== null && one.heardAt <= Number(before) - ${KNOWN_MS})
    const young = all.filter((one) => one.heardAt !== null && one.heardAt > Number(before) - ${KNOWN_MS} && one.heardAt <= Number(after))
    const asked = [...idle, ...young]
    asked.forEach((one, at) => setTimeout(() => one.socket.write('y'), at / 2))
    setTimeout(() => console.log(JSON.stringify({ idle: kind(idle), young: kind(young) })), ${ANSWER_MS})
  })`

interface Kind {
  readonly all: number
  readonly survived: number
  readonly lost: Readonly<Record<string, number>>
}
const isKind = (one: unknown): one is Kind =>
  typeof one === 'object' && one !== null && 'all' in one && 'survived' in one && 'lost' in one
function told(line: string): { readonly idle: Kind; readonly young: Kind } {
  const said: unknown = JSON.parse(line)
  demand(typeof said === 'object' && said !== null && 'idle' in said && 'young' in said, line)
  const { idle, young } = said
  demand(isKind(idle) && isKind(young), line)
  return { idle, young }
}
const clock = (): number => Number(process.hrtime.bigint() / 1000n) / 1000
const share = ({ all, survived }: Kind): number => (all === 0 ? 1 : survived / all)
const said = (one: Kind): string =>
  `${one.survived} of ${one.all} survived (${(share(one) * 100).toFixed(2)} %)${one.survived < one.all ? `, lost: ${JSON.stringify(one.lost)}` : ''}`

async function measured(way: Way): Promise<void> {
  await whole()
  await beside(besides(way), async () => {
    const many = new Program('client', MANY('10.11.0.10', way.port), FILES)
    try {
      const began = clock()
      await many.line('open ', OPENS_MS)
      figure(`${way.name}: opened`, `${CONNECTIONS} in ${((clock() - began) / 1000).toFixed(0)} s`)
      const from = (await owner()) ?? ''
      const before = clock()
      await lab('power-cut', from)
      const after = clock()
      many.tell('hold')
      await successorOf(from)
      const to = (await owner()) ?? ''
      figure(`${way.name}: UDP at ${to}`, await on(to, 'grep ^Udp: /proc/net/snmp | tail -n 1'))
      many.tell(`judge ${before} ${after}`)
      const { idle, young } = told(await many.line('{', ANSWER_MS * 3))
      figure(`${way.name}: idle for ${KNOWN_MS / 1000} s or longer`, said(idle))
      figure(`${way.name}: younger, up to the cut (which took ${Math.round(after - before)} ms)`, said(young))
      demand(idle.all + young.all >= CONNECTIONS, `${idle.all + young.all} connections were there`)
      demand(young.all > 0, 'some had just begun')
      demand(share(idle) >= DEMANDED, `${way.name}: ${said(idle)}; at least ${DEMANDED * 100} % demanded`)
    } finally {
      many.end()
      await lab('heal')
    }
  })
  await whole()
}

for (const way of WAYS)
  scenario(`${CONNECTIONS} connections by ${way.name}: those that were idle survive a power cut`, () => measured(way))
