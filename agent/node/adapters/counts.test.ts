/** With a real thread. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkConfig, markOf, SAMPLE } from '@lvsm/model'
import { connectionsReport, type CountsOutcome, type CountsQuestion, dropRules } from '@lvsm/protocol'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Counts, namesOf } from './counts.ts'

const home = mkdtempSync(join(tmpdir(), 'lvsm-counts-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

function open(text?: string, patienceMs?: number) {
  const said: string[] = []
  const program = join(home, `thread-${Math.random()}.mjs`)
  if (text !== undefined) writeFileSync(program, text)
  const counts = new Counts({
    say: (line) => void said.push(line),
    ...(text === undefined ? {} : { program: pathToFileURL(program) }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })
  ends.push(() => counts.close())
  const ask = (question: CountsQuestion): Promise<CountsOutcome> => new Promise((done) => counts.ask(question, done))
  return { counts, said, ask }
}
const CONFIG = checkConfig(SAMPLE).config ?? expect.fail('the sample is no configuration')
const QUESTION: CountsQuestion = { kind: 'connections', wanted: {} }
const codeOf = (outcome: CountsOutcome) => (outcome.ok ? 'ok' : outcome.refusals[0]?.code)

describe('the thread that reads what the kernel counts', () => {
  it('reads rules of others that drop, where the kernel may be asked for them', async () => {
    const outcome = await open().ask({ kind: 'drop-rules' })
    if (outcome.ok) expect(dropRules.safeParse(JSON.parse(outcome.text)).success).toBe(true)
    else expect(codeOf(outcome)).toBe('kernel-unread')
  })
  it('answers in the words of the configuration, with and without IPVS in the kernel', async () => {
    const { ask, counts } = open()
    counts.configure('dir1', CONFIG)
    const outcome = await ask(QUESTION)
    const report = connectionsReport.parse(outcome.ok ? JSON.parse(outcome.text) : outcome)
    expect(report).toMatchObject({ node: 'dir1', whole: true })
    expect(codeOf(await ask({ kind: 'connections', wanted: { service: 'nowhere' } }))).toBe('unknown-service')
  })
  it('is started again after its end; who waited hears of it', async () => {
    const { ask, said } = open(
      'import { parentPort } from "node:worker_threads"\nparentPort.on("message", () => process.exit(1))',
    )
    expect(await Promise.all([ask(QUESTION), ask(QUESTION)]).then((all) => all.map(codeOf))).toEqual([
      'counts-unread',
      'counts-unread',
    ])
    expect(said).toHaveLength(1)
    expect(codeOf(await ask(QUESTION))).toBe('counts-unread')
  })
  it('ends where it hangs', async () => {
    const { ask } = open(
      'import { parentPort } from "node:worker_threads"\nparentPort.on("message", () => { for (;;); })',
      300,
    )
    expect(codeOf(await ask(QUESTION))).toBe('counts-unread')
  })
  it('has only so many questions before it', async () => {
    const { ask, counts } = open(
      'import { parentPort } from "node:worker_threads"\nparentPort.on("message", () => undefined)',
    )
    const all = Array.from({ length: 17 }, () => ask(QUESTION))
    expect(codeOf((await all[16]) ?? expect.fail('no answer'))).toBe('counts-busy')
    counts.close()
    expect((await Promise.all(all)).map(codeOf).filter((code) => code === 'counts-unread')).toHaveLength(16)
  })
})

describe('what gives names', () => {
  it('is what the node directs', () => {
    expect(namesOf('dir1', CONFIG)).toMatchObject({
      node: 'dir1',
      groups: [{ name: 'web', directed: true }],
      services: [
        {
          name: 'http',
          key: 'tcp 10.11.0.10:80',
          realservers: [{ key: '10.11.0.11:80' }, { key: '10.11.0.12:80' }, { node: 'rs3', key: '10.12.0.13:8080' }],
        },
      ],
    })
    const [one] = namesOf('dir1', CONFIG).services
    expect(one).not.toHaveProperty('onPorts')
    expect(namesOf('rs1', CONFIG)).toMatchObject({ groups: [{ name: 'web', directed: false }], services: [] })
  })
  it('says from which addresses a service is checked through its VIP: what one director asks, all of them know', () => {
    const text = SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, '').replace('type: tcp', 'type: tcp, via: vip')
    const config = checkConfig(text).config ?? expect.fail('refused')
    const own = config.nodes.filter(({ name }) => name.startsWith('dir')).flatMap(({ links }) => links)
    expect(namesOf('dir2', config).services[0]?.checkedFrom).toEqual(own.map(({ address }) => address))
    expect(namesOf('dir2', CONFIG).services[0]).not.toHaveProperty('checkedFrom')
  })
  it('tells where clients ask for a service that the kernel knows by mark', () => {
    const text = SAMPLE.replace('    port: 80\n', '    ports: [80, 8000-8100]\n').replace('port: 8080, ', '')
    const { config } = checkConfig(text.replace('protocol: tcp', 'protocol: tcp+udp'))
    expect(namesOf('dir1', config ?? expect.fail('refused')).services).toMatchObject([
      {
        key: `fwmark ${markOf('http')}`,
        onPorts: {
          ...{ address: '10.11.0.10', protocols: ['tcp', 'udp'] },
          ranges: [
            { from: 80, to: 80 },
            { from: 8000, to: 8100 },
          ],
        },
        realservers: [{ key: '10.11.0.11:0' }, { key: '10.11.0.12:0' }, { node: 'rs3', key: '10.12.0.13:0' }],
      },
    ])
  })
})
