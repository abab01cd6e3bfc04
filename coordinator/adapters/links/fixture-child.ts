/** For tests: coordinator 2 as a process of its own. It says its port, then the ids of the questions that it hears, and asks all the time. */
import { seededRandom } from '@lvsm/base'
import * as z from 'zod'
import { openLinks } from './open.ts'
import { linkOptions } from './options.ts'

const text = z.string()
const setting = z.object({
  identity: z.object({ certificate: text, privateKey: text, authority: text }),
  peers: z.array(
    z.object({ id: z.number(), key: text, addresses: z.array(z.object({ host: text, port: z.number() })) }),
  ),
})
const { identity, peers } = setting.parse(JSON.parse(process.argv[2] ?? ''))
const opened = await openLinks({
  id: 2,
  identity,
  options: { ...linkOptions(400), backoffMs: [20, 100] },
  random: seededRandom(2),
  listen: [{ host: '127.0.0.1', port: 0 }],
  heard: {
    heard: (message) => console.log(message.kind === 'ask' ? message.id : message.kind),
    removed: () => console.log('removed'),
    snapshot: () => console.log('snapshot'),
  },
  told: { count: () => undefined, trouble: () => undefined },
})
if (!opened.ok) throw new Error(opened.refusal.message)
console.log(opened.server.endpoints[0]?.port)
opened.links.know(peers)
setInterval(() => opened.links.send({ kind: 'ask', from: 2, to: 1, id: 'alive', payload: null }), 50)
