/** Realservers behind a NAT gateway, as somebody outside sees them: only ever by the VIP. */
import { spawn } from 'node:child_process'
import { demand, lab, on, owner, sh, until, VIP } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { seats, whole } from './witness.ts'

const REALSERVER = 'rs3'
const WEB_PORT = 8080
const KNOWN = '10.12.0.13'
/** In the network of the gateway; nobody's. */
const STRANGER = '10.12.0.77'
const CLIENT = '10.11.0.100'
const PORT = 9000
/** A first SYN that is lost on the way to a new owner is sent again after a second. */
const PATIENCE_MS = 3500

/** Tells each caller its address as this node sees it. */
const LISTENER = `require('node:net').createServer((caller) => caller.end(caller.remoteAddress))
  .listen(${PORT}, '0.0.0.0', () => console.log('ready'))`
/** Prints what the listener says, or `nothing` when no connection comes about. */
const caller = (localPort: number, localAddress = ''): string => `
  const from = '${localAddress}' === '' ? {} : { localAddress: '${localAddress}' }
  const socket = require('node:net').connect({ host: '${CLIENT}', port: ${PORT}, localPort: ${localPort}, ...from })
  const end = (text) => { console.log(text); process.exit() }
  socket.on('data', (bytes) => end(bytes.toString())).on('error', ({ code }) => end(code))
  setTimeout(end, ${PATIENCE_MS}, 'nothing')`

/** How the client sees a connection that the realserver opens; from any port by default. */
const seenAs = (localPort = 0, localAddress?: string): Promise<string> =>
  on(REALSERVER, `${process.execPath} -e "${caller(localPort, localAddress)}"`)

async function listening(work: () => Promise<void>): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', 'client', process.execPath, '-e', LISTENER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve)
      child.once('close', () => reject(new Error('the listener ended before it listened')))
    })
    await work()
  } finally {
    child.kill('SIGKILL')
  }
}

scenario('connections that a NAT realserver opens leave with the VIP as source, through either director', () =>
  listening(async () => {
    const { group, to } = await seats()
    const first = await seenAs()
    demand(first === VIP, `the client saw ${first}`)
    await sh(`lvsm switchover ${group} ${to}`)
    await until(async () => (await owner()) === to, 5000, `${to} owns ${group}`)
    const second = await seenAs()
    demand(second === VIP, `by way of ${to} the client saw ${second}`)
  }),
)

scenario('an address of the inside network that no configuration names leaves with the VIP, too', () =>
  listening(async () => {
    const device = (await on(REALSERVER, `ip -o -4 address show to ${KNOWN}`)).split(/\s+/)[1]
    await on(REALSERVER, `ip address add ${STRANGER}/24 dev ${device}`)
    try {
      const seen = await seenAs(0, STRANGER)
      demand(seen === VIP, `the client saw ${seen}`)
    } finally {
      await on(REALSERVER, `ip address del ${STRANGER}/24 dev ${device}`)
    }
  }),
)

inSoak('what comes from the port of a service and belongs to no connection of IPVS goes nowhere', () =>
  listening(async () => {
    const { from } = await seats()
    await lab('kill', REALSERVER, 'web')
    const seen = await seenAs(WEB_PORT)
    demand(seen === 'nothing', `the client saw ${seen}`)
    demand((await seenAs()) === VIP, 'from any other port it is let out')
    const rules = await on(from, 'nft list chain inet lvsm-nat untranslated')
    demand(/packets [1-9]/.test(rules), `the owner counted it: ${rules}`)
    await lab('start', REALSERVER, 'web')
    await whole()
  }),
)
