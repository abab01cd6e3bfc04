/** A receiver of alerts on a machine beside the cluster: it writes down what it is told, and may keep the answer back for a while. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { on, sh, until } from './harness.ts'

const DIRECTORY = process.env['LAB_DIR'] ?? '/tmp'
const PROGRAM = join(DIRECTORY, 'receiver.py')
const HEARD = join(DIRECTORY, 'receiver.heard')
/** While it is there nobody is answered. */
const SLOW = join(DIRECTORY, 'receiver.slow')
const PORT = 8099

const TEXT = `import http.server, json, os, time
class Receiver(http.server.BaseHTTPRequestHandler):
  def do_POST(self):
    body = json.loads(self.rfile.read(int(self.headers['content-length'])))
    with open(${JSON.stringify(HEARD)}, 'a') as heard:
      for one in body['alerts']:
        row = {'from': self.client_address[0], 'status': one['status'], 'fingerprint': one['fingerprint'], 'labels': one['labels']}
        heard.write(json.dumps(row) + '\\n')
    while os.path.exists(${JSON.stringify(SLOW)}): time.sleep(0.1)
    self.send_response(200)
    self.end_headers()
  def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('0.0.0.0', ${PORT}), Receiver).serve_forever()
`

export interface Told {
  readonly from: string
  readonly status: 'firing' | 'resolved'
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
}

/** Where nodes reach it. */
export async function startReceiver(machine: string): Promise<string> {
  writeFileSync(PROGRAM, TEXT)
  await forgetTold()
  const [address = ''] = (await on(machine, "ip -4 -o address show dev outside | awk '{print $4}'")).split('/')
  await on(machine, `setsid python3 ${PROGRAM} >/dev/null 2>&1 </dev/null &`)
  await until(async () => (await on(machine, `ss -Hltn sport = :${PORT}`)) !== '', 20_000, 'the receiver listens')
  return `http://${address}:${PORT}/`
}
export const stopReceiver = (machine: string): Promise<string> =>
  on(machine, `for pid in $(ss -Hltnp sport = :${PORT} | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p'); do kill $pid; done`)
export const keepWaiting = async (slow: boolean): Promise<void> =>
  void (await sh(slow ? `: > ${SLOW}` : `rm -f ${SLOW}`))
export const forgetTold = async (): Promise<void> => void (await sh(`rm -f ${SLOW}; : > ${HEARD}`))

export function told(): Told[] {
  const rows = readFileSync(HEARD, 'utf8').split('\n')
  return rows.flatMap((row) => (row === '' ? [] : [JSON.parse(row) as Told]))
}
export const toldOf = (code: string, status: Told['status']): Told[] =>
  told().filter((one) => one.labels['alertname'] === code && one.status === status)
