/** `lvsm-agent`: the reconciler of one node. Wires the core to the kernel, the lease process, the checks and the CLI. */
import './engine.ts'
import './priority.ts'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeRefusal, type Refusal, type Trouble } from '@lvsm/base'
import { boottime, lockFile } from '@lvsm/kernel'
import { checkConfig, type Config, nodeView } from '@lvsm/model'
import { MAX_RELAY } from '@lvsm/wire'
import { serveControl } from './adapters/control.ts'
import { loadRecord, readSecrets, readText, saveRecord } from './adapters/files.ts'
import { readFence } from './adapters/kernel/fence.ts'
import { openTable } from './adapters/kernel/ipvs.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { connectLease } from './adapters/lease.ts'
import { openPinger } from './adapters/ping.ts'
import { refuseModules, refuseRights } from './adapters/preflight.ts'
import { probeTcp } from './adapters/probe.ts'
import { createNodeCore, type NodeEffect } from './core/index.ts'
import { fail, options, say } from './options.ts'
import { type Pump, startPump } from './pump.ts'

/** The configuration, or every fault of it on stderr and the end. */
function readConfig(path: string): { readonly config: Config; readonly secrets: ReadonlyMap<number, string> } {
  const read = readText(path)
  if ('error' in read) return fail(`${path}: ${read.error}`)
  const { config, refusals } = checkConfig(read.text)
  if (!config) return refuse(path, refusals)
  const keys = readSecrets(config, path)
  return keys.refusals.length > 0 ? refuse(path, keys.refusals) : { config, secrets: keys.secrets }
}
function refuse(path: string, refusals: readonly Refusal[]): never {
  for (const refusal of refusals) process.stderr.write(`${describeRefusal(refusal, path)}\n`)
  process.stderr.write(
    `${path}: ${refusals.length} ${refusals.length === 1 ? 'fault' : 'faults'}; nothing was changed\n`,
  )
  process.exit(1)
}

function preflight({ config, runDir, stateDir }: { config: Config; runDir: string; stateDir: string }): void {
  const rights = refuseRights()
  if (rights) fail(describeRefusal(rights))
  const view = nodeView(config, config.node)
  const refusals = !view
    ? []
    : refuseModules(view, () => {
        const table = openTable()
        const there = table.observe() !== null
        table.close()
        return there
      })
  if (refusals.length > 0) fail(...refusals.map((refusal) => describeRefusal(refusal)))
  for (const directory of [runDir, stateDir]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o750 })
    } catch (error) {
      fail(`cannot make ${directory}: ${(error as Error).message}`)
    }
  }
  if (join(runDir, 'agent.sock').length > 100)
    fail(`--run-dir ${runDir} is too long for a unix socket: use at most 90 characters`)
  if (!lockFile(join(runDir, 'agent.lock')))
    fail(`another lvsm-agent already runs for ${runDir}`, 'stop it first, or give this one its own --run-dir')
}

function run({
  config,
  secrets,
  runDir,
  stateDir,
}: {
  config: Config
  secrets: ReadonlyMap<number, string>
  runDir: string
  stateDir: string
}): void {
  const recordPath = join(stateDir, 'agent.owned')
  const director = config.groups.some((group) => group.directors.includes(config.node))
  const kernel = kernelOrFail(() => openKernel({ director }))
  const core = createNodeCore({
    config,
    secrets,
    record: loadRecord(recordPath),
    boot: randomBytes(6).toString('hex'),
    startedAt: boottime(),
    wall: (at) => new Date(Date.now() + at - boottime()).toISOString(),
  })
  const trouble = (source: string, found: Trouble | null): void =>
    pump.feed({ kind: 'trouble', source, trouble: found })
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]

  const lease = connectLease(join(runDir, 'lease.sock'), {
    up: () => pump.feed({ kind: 'lease-up' }),
    down: (reason) => pump.feed({ kind: 'lease-down', reason }),
    heard(word) {
      if (word.kind === 'status') pump.feed({ kind: 'lease-status', status: word.status })
      else if (word.kind === 'event') pump.feed({ kind: 'lease-event', event: word.event })
      else if (word.kind === 'relay') pump.feed({ kind: 'word', from: word.from, text: decoder.decode(word.payload) })
    },
  })

  const observe = (sysctls: readonly string[]): void => {
    try {
      pump.feed({ kind: 'observed', observed: kernel.observe(sysctls) })
    } catch (error) {
      pump.feed({ kind: 'observe-failed', error: (error as Error).message })
    }
  }
  const carry = (effect: NodeEffect): void => {
    switch (effect.kind) {
      case 'observe':
        return observe(effect.sysctls)
      case 'apply':
        return pump.feed({ kind: 'applied', failures: kernel.apply(effect.operations) })
      case 'check':
        return probeTcp(effect, (ok, reason) => pump.feed({ kind: 'checked', id: effect.id, ok, reason }))
      case 'ping':
        return pinger.ask(effect.round, effect.targets)
      case 'word': {
        const payload = encoder.encode(effect.text)
        // The core keeps to the limit; should it fail once, nobody is to search for a word that never left.
        if (payload.length > MAX_RELAY)
          return say(`a word of ${payload.length} bytes is too long for the relay and was not sent: please report this`)
        lease.tell({ kind: 'relay', to: effect.to, payload })
        return
      }
      case 'reply':
        return control.reply(effect.id, effect.status, effect.body)
      case 'record': {
        const error = saveRecord(recordPath, effect.text)
        return trouble(
          'record',
          error === null
            ? null
            : {
                code: 'no-state',
                severity: 'warning',
                message: `cannot write ${recordPath}: ${error}`,
                hint: 'IPVS entries that leave the configuration will stay until it can be written',
              },
        )
      }
      case 'log':
        return say(effect.text)
      case 'wake':
        return
      default:
        lease.tell(effect)
    }
  }
  const pinger = openPinger({
    answered: (address, round) => pump.feed({ kind: 'ping-answered', address, round }),
    asked: (unsent) => pump.feed({ kind: 'pinged', unsent }),
    denied: (found) => trouble('ping', found),
  })
  const pump: Pump = startPump(core, boottime, carry)
  const control = serveControl(join(runDir, 'agent.sock'), {
    status: () => core.status(boottime()),
    events: () => core.events(),
    fence: () => core.fence(readFence(), boottime()),
    request: (id, request) => pump.feed({ kind: 'request', id, request }),
    failed: (error) => fail(`cannot listen on ${join(runDir, 'agent.sock')}: ${error.message}`),
  })
  kernelOrFail(() => kernel.watch(() => pump.feed({ kind: 'changed' })))

  // The data plane stays as it is: whoever starts next finds it so.
  const stop = (signal: string): void => {
    say(`${signal}: leaves; the data plane stays as it is`)
    pump.stop()
    control.close()
    lease.close()
    pinger.close()
    kernel.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  say(`${config.node} of cluster ${config.cluster} runs, revision ${config.revision}`)
  pump.feed({ kind: 'wake' })
}

function kernelOrFail<Value>(ask: () => Value): Value {
  try {
    return ask()
  } catch (error) {
    return fail(
      `the kernel cannot be asked: ${(error as Error).message}`,
      '  it needs rtnetlink and nf_tables (modprobe nf_tables; Debian: package linux-image-amd64)',
    )
  }
}

// What this process makes is for root only, from the moment that it is there.
process.umask(0o077)
const chosen = options()
const { config, secrets } = readConfig(chosen.config)
if (chosen.check) {
  process.stdout.write(
    `${chosen.config}: no faults (cluster ${config.cluster}, node ${config.node}, revision ${config.revision})\n`,
  )
} else {
  const { runDir, stateDir } = chosen
  preflight({ config, runDir, stateDir })
  run({ config, secrets, runDir, stateDir })
}
