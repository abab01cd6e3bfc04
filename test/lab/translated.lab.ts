// lab: topology=translated long=yes
/** FTP by NAT with the kernel's helper, active and passive; and full NAT: what the realserver sees, what comes back, what a move ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { demand, figure, lab, on, owner, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { Program } from './sessions.ts'
import { counted } from './tunnelled.ts'
import { demandNoneFailed, demandOneOwner, lasting, seats, successorOf, watched, whole } from './witness.ts'

const CLIENT = '10.11.0.100'
const REPAIR_MS = 10_000
const FILE = 'what the file says'
/** As much of RFC 959 and RFC 2428 as a client needs to fetch one file. */
const FTP = `const net = require('node:net')
net.createServer((said) => {
  let data = null
  const say = (line) => said.write(line + '\\r\\n')
  const listen = (then) => { const at = net.createServer((one) => { data = (text) => one.end(text) }).listen(0, '10.12.0.13', () => then(at.address().port)) }
  const call = (host, port) => { data = (text) => { net.connect({ host, port, localPort: 20, localAddress: '10.12.0.13' }, function () { this.end(text) }).on('error', () => {}) } }
  const send = (text, tries) => { if (data) { data(text); say('226 sent') } else if (tries > 0) setTimeout(send, 100, text, tries - 1); else say('425 nobody came') }
  const words = {
    PASV: () => listen((port) => say('227 Entering Passive Mode (10,12,0,13,' + (port >> 8) + ',' + (port & 255) + ')')),
    EPSV: () => listen((port) => say('229 Entering Extended Passive Mode (|||' + port + '|)')),
    PORT: (text) => { const part = text.split(','); call(part.slice(0, 4).join('.'), Number(part[4]) * 256 + Number(part[5])); say('200 yes') },
    EPRT: (text) => { const part = text.split('|'); call(part[2], Number(part[3])); say('200 yes') },
    RETR: () => { say('150 here it comes'); send('${FILE}', 40) },
    USER: () => say('331 and the password'), PASS: () => say('230 come in'), PWD: () => say('257 "/"'), TYPE: () => say('200 yes'), QUIT: () => say('221 bye'),
  }
  said.on('data', (bytes) => { const [, word, rest] = /^(\\S+) ?(.*?)\\r?\\n/s.exec(String(bytes)) || []; (words[(word || '').toUpperCase()] || (() => say('502 no')))(rest) }).on('error', () => {})
  say('220 hello')
}).listen(21, '10.12.0.13', () => console.log('ready'))`

async function listening(node: string, script: string): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', node, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve)
    child.once('close', () => reject(new Error(`what listens on ${node} ended`)))
  })
  return child
}
async function serving(work: () => Promise<void>): Promise<void> {
  const server = await listening('rs3', FTP)
  try {
    await work()
  } finally {
    server.kill('SIGKILL')
  }
}

const WAYS = {
  passive: '--disable-epsv',
  'extended passive': '',
  active: `--disable-eprt -P ${CLIENT}`,
} as const
const fetched = (how: string): Promise<string> =>
  on('client', `curl -sS -m 8 ${how} ftp://a:b@${VIP}/file`).catch((error: unknown) => String(error))
const missing = async (): Promise<string[]> =>
  (await status()).troubles.flatMap(({ code, node, object }) => (code === 'no-helper' ? [`${node} ${object}`] : []))

scenario('without the module it is one trouble of the service on each director, and files do not come', () =>
  serving(async () => {
    await whole()
    demand((await missing()).length === 0, 'the helper was loaded because a service asks for it')
    // Before the first connection: each one that it reads holds it, until IPVS has forgotten it.
    await until(
      async () => (await sh('modprobe -r ip_vs_ftp && echo gone || true')).includes('gone'),
      20_000,
      'unloaded',
    )
    await until(
      async () => (await missing()).toSorted().join() === 'dir1 service files,dir2 service files',
      REPAIR_MS,
      'two troubles',
    )
    const said = await fetched(WAYS.passive)
    demand(said !== FILE, `passive without the helper: ${said}`)
    await sh('modprobe ip_vs_ftp')
    await until(async () => (await missing()).length === 0, REPAIR_MS, 'it is over')
    demand((await fetched(WAYS.passive)) === FILE, 'files come again')
  }),
)

scenario('a file is fetched by FTP, passive and active; a realserver’s own connection leaves with the VIP', () =>
  serving(async () => {
    await whole()
    const counters = await counted([
      { node: 'client', what: 'from the VIP', rule: `ip saddr ${VIP} tcp sport 20` },
      { node: 'client', what: 'from inside', rule: 'ip saddr 10.12.0.0/24' },
    ])
    for (const [name, how] of Object.entries(WAYS)) {
      const said = await fetched(how)
      demand(said === FILE, `${name}: ${said}`)
    }
    const counts = await counters()
    figure('packets', JSON.stringify(counts))
    demand((counts['client from the VIP'] ?? 0) > 0, 'the active connection came from the VIP')
    demand(counts['client from inside'] === 0, 'and nothing with an inside address')
  }),
)

scenario('after a switchover files come by FTP as before', () =>
  serving(async () => {
    const { to } = await seats()
    await sh(`lvsm switchover web ${to}`)
    await until(async () => (await owner()) === to, 5000, `${to} owns web`)
    for (const [name, how] of Object.entries(WAYS)) {
      const said = await fetched(how)
      demand(said === FILE, `${name}: ${said}`)
    }
    await whole()
  }),
)

const asked = (): Promise<string> => on('client', `curl -s -m 5 http://${VIP}:8080/`).catch(() => '')

scenario('a realserver by full NAT sees the director and no client; answers come from the VIP', async () => {
  await whole()
  const { from } = await seats()
  await until(async () => (await asked()) === 'rs2', 10_000, 'rs2 answers by full NAT')
  const counters = await counted([
    { node: 'rs2', what: 'from the director', rule: `ip saddr 10.12.0.${from.slice(-1)} tcp dport 80` },
    { node: 'rs2', what: 'from clients', rule: `ip saddr ${CLIENT} tcp dport 80` },
    { node: 'rs2', what: 'from the VIP', rule: `ip saddr ${VIP} tcp dport 80` },
    { node: 'client', what: 'answers', rule: `ip saddr ${VIP} tcp sport 8080` },
    { node: 'client', what: 'from elsewhere', rule: 'ip saddr { 10.12.0.12, 10.11.0.12 } tcp sport 80' },
  ])
  for (let nth = 0; nth < 10; nth++) demand((await asked()) === 'rs2', `request ${nth} is answered`)
  const counts = await counters()
  figure('packets', JSON.stringify(counts))
  demand((counts['rs2 from the director'] ?? 0) > 0 && (counts['client answers'] ?? 0) > 0, JSON.stringify(counts))
  demand(counts['rs2 from clients'] === 0 && counts['rs2 from the VIP'] === 0, 'it sees no client, and never the VIP')
  demand(counts['client from elsewhere'] === 0, 'nothing reaches the client past the director')
  const text = await sh('lvsm status')
  demand(text.includes('by full NAT: do not count on connections to rs2 when another director takes over'), text)
})

scenario('its setting and its rules come back', async () => {
  const { from } = await seats()
  const tracks = async (): Promise<boolean> => (await on(from, 'sysctl -n net.ipv4.vs.conntrack')) === '1'
  const translates = async (): Promise<boolean> =>
    (await on(from, 'nft list table inet lvsm-nat').catch(() => '')).includes(`ct original ip daddr ${VIP}`)
  const broken: [what: string, isThere: () => Promise<boolean>, how: string][] = [
    ['connection tracking', tracks, 'sysctl -qw net.ipv4.vs.conntrack=0'],
    ['the rule', translates, 'nft delete table inet lvsm-nat'],
  ]
  for (const [what, isThere, how] of broken) {
    demand(await isThere(), `${what} is there to begin with`)
    await on(from, how)
    await until(isThere, REPAIR_MS, `${what} comes back`)
  }
  demand((await asked()) === 'rs2', 'rs2 answers')
})

/** Says its request in two parts, the second when it is told to, and then how it ended. */
const PENDING = `
  const socket = require('node:net').connect({ host: '${VIP}', port: 8080 })
  let said = ''
  const tell = (text) => { console.log('end ' + text); process.exit() }
  socket.on('connect', () => { socket.write('GET / HTTP/1.0\\r\\n'); console.log('connected') })
  socket.on('data', (part) => { said += part }).on('end', () => tell(said.includes('rs2') ? 'answered' : 'ended')).on('error', ({ code }) => tell(code))
  require('node:readline').createInterface({ input: process.stdin })
    .on('line', () => { socket.write('\\r\\n'); setTimeout(() => tell('silent'), 10000) })`
/** A connection that is under way while something is done: how it ends, once it says the rest. */
async function underWay(work: () => Promise<void>): Promise<string> {
  const one = new Program('client', PENDING)
  try {
    await one.line('connected', 15_000)
    // The director has to know it as established, and the next one of it.
    await lasting(KNOWN_MS)
    await work()
    one.tell('rest')
    return (await one.line('end ', 20_000)).slice('end '.length)
  } finally {
    one.end()
  }
}
const KNOWN_MS = 3000
/** Longer than packets are handed back to the former owner (agent/SWITCHOVER.md, step 10). */
const HANDED_BACK_MS = 3000

scenario('without a move a connection by full NAT goes on, and is answered', async () => {
  await whole()
  const end = await underWay(() => lasting(HANDED_BACK_MS))
  demand(end === 'answered', `it ended with ${end}`)
})

scenario(
  'new connections are served by the next director, from its own address; one that is under way does not survive, and hears so at once',
  async () => {
    const { from, to } = await seats()
    const end = await underWay(async () => {
      const seen = await watched(async () => {
        await lasting(500)
        await sh(`lvsm switchover web ${to}`)
        await until(async () => (await owner()) === to, 5000, `${to} owns web`)
        await lasting(HANDED_BACK_MS)
      })
      demandOneOwner(seen)
      demandNoneFailed(seen)
    })
    figure('a connection by full NAT after a switchover', end)
    demand(end === 'ECONNRESET', `it ended with ${end}`)
    const counters = await counted([
      { node: 'rs2', what: 'from the next', rule: `ip saddr 10.12.0.${to.slice(-1)} tcp dport 80` },
      { node: 'rs2', what: 'from the former', rule: `ip saddr 10.12.0.${from.slice(-1)} tcp dport 80 tcp flags syn` },
    ])
    for (let nth = 0; nth < 5; nth++) demand((await asked()) === 'rs2', `request ${nth} is answered`)
    const counts = await counters()
    demand((counts['rs2 from the next'] ?? 0) > 0 && counts['rs2 from the former'] === 0, JSON.stringify(counts))
  },
)

scenario('nor does one survive a power cut of its director', async () => {
  await whole()
  const { from } = await seats()
  const end = await underWay(async () => {
    await lab('power-cut', from)
    await successorOf(from)
    await until(async () => (await asked()) === 'rs2', 10_000, 'the next one serves')
  })
  figure('a connection by full NAT after a power cut', end)
  demand(end === 'ECONNRESET', `it ended with ${end}`)
  await whole()
})
