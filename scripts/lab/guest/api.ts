import { request } from 'node:http'
import { placesOf } from '../places.ts'

export interface Reply {
  readonly status: number
  readonly text: string
}

/** Milliseconds until a call is given up: an emulated guest may stand still for many seconds where its machine has other work. */
const patience = 60_000

/** A call to a node's agent. Rejects when it does not answer. */
export const call = (node: string, method: string, path: string, body = ''): Promise<Reply> =>
  callAt(node, `${placesOf(node).run}/agent.sock`, method, path, body)

/** A call to a node's coordinator. Rejects when it does not answer. */
export const askCoordinator = (node: string, path: string): Promise<Reply> =>
  callAt(node, `${placesOf(node).coordinatorRun}/coordinator.sock`, 'GET', path, '')

function callAt(node: string, socketPath: string, method: string, path: string, body: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}
    const asked = request({ socketPath, method, path, headers, timeout: patience }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (bytes: Buffer) => parts.push(bytes))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
      response.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`${node}: no answer in ${patience / 1000} s`)))
    asked.on('error', reject)
    asked.end(body)
  })
}

/** The first agent that says it has a quorum; else the first that answers. Throws when none does. */
export async function agentWithQuorum(nodes: readonly string[]): Promise<string> {
  const said = await Promise.allSettled(nodes.map((node) => call(node, 'GET', '/v1/status')))
  const answered = nodes.filter((_, index) => said[index]?.status === 'fulfilled')
  const quorate = nodes.find((_, index) => {
    const one = said[index]
    return one?.status === 'fulfilled' && one.value.status === 200 && /"quorum":\s*true/.test(one.value.text)
  })
  const node = quorate ?? answered[0]
  if (!node) throw new Error(`no agent answers on ${nodes.join(', ')}`)
  return node
}
