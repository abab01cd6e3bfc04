/** Tells a receiver by HTTP: it took it where it says so with a status of 2xx. Redirections are not followed: they would be another receiver. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Ask } from '../attempt.ts'
import { headersOf, textOf } from '../keys.ts'
import { authorities } from '../probes/tls.ts'
import { reasonOf } from '../reasons.ts'

/** Bytes of its answer that are read: enough for its first line. */
const LONGEST_ANSWER = 4096
const LONGEST_HEAD = 16 * 1024

export const tellWebhook: Ask = ({ keys }, end) => {
  const url = new URL(textOf(keys, 'url') ?? '')
  const body = Buffer.from(textOf(keys, 'body') ?? '')
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const [user, password] = [textOf(keys, 'user'), textOf(keys, 'password')]
  // RFC 7617.
  const login = Buffer.from(`${user}:${password}`).toString('base64')
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': body.length, 'user-agent': 'lvsm' },
    ...(user !== undefined && password !== undefined ? { authorization: `Basic ${login}` } : {}),
    ...Object.fromEntries(headersOf(keys).map(([name, value]) => [name.toLowerCase(), value])),
  }
  let sofar = 'no connection'
  const options = {
    ...{ method: 'POST', agent: false, headers, maxHeaderSize: LONGEST_HEAD },
    ...(url.protocol === 'https:' ? { secureContext: authorities(textOf(keys, 'ca')) } : {}),
  }
  const asked = request(url, options, (answer) => {
    const { statusCode = 0, statusMessage = '' } = answer
    const isTaken = statusCode >= 200 && statusCode < 300
    if (isTaken) return end(true, `${statusCode} ${statusMessage}`.trim())
    sofar = `${statusCode} without an end`
    let text = ''
    const told = (): void => {
      const [line = ''] = text.trim().split('\n')
      end(false, `${statusCode} ${statusMessage}${line === '' ? '' : `: ${line}`}`)
    }
    answer.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1').slice(0, LONGEST_ANSWER - text.length)
      if (text.length >= LONGEST_ANSWER) told()
    })
    answer.on('end', told)
    answer.on('error', (error) => end(false, reasonOf(error)))
  })
  asked.on('socket', (socket) => socket.on('connect', () => (sofar = 'no answer')))
  asked.on('error', (error) => end(false, reasonOf(error)))
  asked.end(body)
  return { sofar: () => sofar, close: () => asked.destroy() }
}
