/**
 * The agent as a whole: core, kernel, lease process, checks, pings and control socket, wired together, and the order of start
 * and stop. What is of one machine comes in as `Machine`.
 */
import { NO_FACTS } from '@lvsm/changes'
import { DAEMON_EXITS, type DaemonExit, type FromLease, VIEWERS } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Instant, type Trouble } from '@lvsm/base'
import type { Driver } from '../driver/driver.ts'
import { type Control, type ControlEvents, serveControl } from './adapters/control.ts'
import { connectLease } from './adapters/lease.ts'
import { openPinger, type Pinger } from './adapters/ping.ts'
import { Programs } from './adapters/programs.ts'
import { readVitals } from './adapters/vitals/vitals.ts'
import type { Configuration } from './configuration.ts'
import { Counting } from './counting.ts'
import { bearable } from './deafening.ts'
import { createNodeCore, type NodeCore, type NodeEffect, type NodeInput } from './core/index.ts'
import { groupNumber } from '../process/caller.ts'
import { startInbox } from './inbox.ts'
import { Kept } from './kept.ts'
import { KernelWork } from './kernel-work.ts'
import { leaseInput, sendMessage } from './lease-input.ts'
import { type Asking, startProber } from './monitoring.ts'
import type { AgentOptions, Machine } from './machine.ts'
import type { Beside, Kernel, LeaseProcess } from './ports.ts'
import { recorded } from './recorded.ts'
import { reportOf } from './report.ts'
import { lostFacts, refusedTrouble, WarningBoard } from './warnings.ts'

export class Agent {
  readonly #node: string
  readonly #machine: Machine
  readonly #kept: Kept
  readonly #kernel: KernelWork
  readonly #core: NodeCore
  readonly #driver: Driver<NodeInput>
  readonly #counting: Counting
  readonly #lease: LeaseProcess
  readonly #pinger: Pinger
  readonly #prober: Asking
  readonly #programs: Programs
  readonly #control: Control
  #configuration: Configuration
  readonly #warnings: WarningBoard

  /** `kernel` is open already; `configuration` has no faults. */
  constructor(options: AgentOptions, configuration: Configuration, machine: Machine, kernel: Kernel) {
    const { node, runDir, pass } = options
    this.#node = node
    this.#machine = machine
    this.#configuration = configuration
    this.#kept = new Kept(
      options.stateDir,
      options.begun.machine,
      (...found) => this.#report(...found),
      (text) => machine.say(text),
    )
    const wallMs = (at: Instant): number => Math.round(Date.now() + at - machine.clock())
    this.#core = createNodeCore({
      node,
      record: this.#kept.record,
      word: this.#kept.word,
      follows: pass !== null,
      ...{ kept: this.#kept.events, keptAlerts: this.#kept.alerts, keptHooks: this.#kept.hooks },
      ...{ machine: options.begun.machine, awayMs: options.begun.awayMs, started: this.#kept.startedAs(options.begun) },
      boot: randomBytes(6).toString('hex'),
      startedAt: machine.clock(),
      wall: (at) => new Date(wallMs(at)).toISOString(),
      wallMs,
    })
    this.#driver = startInbox(this.#core, machine, (effect) => this.#carryOut(effect))
    this.#counting = new Counting((text) => machine.say(text))
    this.#lease = this.#connectLease(join(runDir, 'lease.sock'))
    this.#pinger = openPinger({
      answered: (address, round) => this.#driver.feed({ kind: 'ping-answered', address, round }),
      asked: (round, unsent) => this.#driver.feed({ kind: 'pinged', round, unsent }),
      denied: (found) => this.#report('ping', found),
    })
    this.#prober = startProber(machine, (...told) => this.#report(...told), {
      well: () => this.#core.well(machine.clock()),
      metrics: (...asked) => this.#metrics(...asked),
      late: (ms) => this.#counting.late(ms),
    })
    this.#programs = new Programs(
      runDir,
      (found) => this.#driver.feed(found),
      undefined,
      (program, why) => this.#driver.feed({ kind: 'absent', program, why }),
    )
    this.#control = this.#serveControl(join(runDir, 'agent.sock'), pass)
    this.#kernel = new KernelWork(
      kernel,
      (input) => this.#driver.feed(input),
      (done) => this.#counting.dropRules(done),
    )
    this.#warnings = new WarningBoard((source, trouble) => this.#report(source, trouble))
    this.#kept.tell()
    this.#kept.watch()
    machine.say(`${node} of cluster ${configuration.config.cluster} runs, revision ${configuration.config.revision}`)
    this.#configure(configuration)
  }

  /** Takes the configuration over, of the file or of the coordinators, if it is good; else (false) the present one stays, and status says so. */
  reload(reason: string): boolean {
    const read = bearable(this.#node, this.#configuration, this.#machine.readConfiguration())
    if (read.ok) {
      this.#machine.say(`${reason}: the configuration was read again, revision ${read.config.revision}`)
      this.#report('configuration', null)
      this.#configure(read)
      return true
    }
    const message = `the configuration was refused at ${reason}: revision ${this.#configuration.config.revision} stays in use`
    for (const line of [...read.faults, message]) this.#machine.say(line)
    this.#report('configuration', refusedTrouble(message, read.faults))
    return false
  }

  /** What somebody beside it found. */
  note(found: Beside): void {
    this.#driver.feed(found)
  }

  /** For the log, as lines. */
  report(): readonly string[] {
    return reportOf(this.#core.status(this.#machine.clock()))
  }

  /** The data plane stays as it is: whoever starts next finds it so. */
  stop(reason: string): void {
    this.#driver.stop()
    const now = this.#machine.clock()
    this.#kept.close(this.#core.history(now), this.#core.recording(now))
    const parts = [this.#counting, this.#prober, this.#programs, this.#control, this.#lease, this.#pinger, this.#kernel]
    for (const part of parts) part.close()
    this.#ends(`${reason}: leaves; the data plane stays as it is`, 'ok')
  }
  #ends(why: string, exit: DaemonExit): void {
    this.#machine.say(why)
    this.#machine.exit(DAEMON_EXITS[exit].code)
  }

  #configure(configuration: Configuration): void {
    const { config, secrets, ring, warnings } = configuration
    // What cannot be read takes nothing back that is known: a server that is drained must not get connections by that.
    const facts = configuration.facts ?? this.#configuration.facts ?? NO_FACTS
    this.#configuration = { ...configuration, facts }
    this.#report('facts', configuration.facts ? null : lostFacts(facts))
    for (const line of this.#warnings.show(warnings)) this.#machine.say(line)
    this.#counting.configure(this.#node, config)
    this.#prober.configure(this.#node, config)
    this.#driver.feed({ kind: 'config', config, secrets, facts, ...(ring ? { ring } : {}) })
  }
  #report(source: string, trouble: Trouble | null): void {
    this.#driver.feed({ kind: 'trouble', source, trouble })
  }

  #connectLease(path: string): LeaseProcess {
    return connectLease(path, {
      up: ({ incarnation, events }) => this.#driver.feed({ kind: 'lease-up', incarnation, events }),
      down: (reason) => {
        this.#counting.silent()
        this.#driver.feed({ kind: 'lease-down', reason })
      },
      heard: (message) => this.#heardLease(message),
      count: (reason) => this.#driver.feed({ kind: 'refused', reason }),
    })
  }
  #heardLease(message: FromLease): void {
    if (message.kind === 'status') this.#machine.coordinators.usesRing(message.status.ring ?? 0)
    this.#counting.heard(message)
    const input = leaseInput(message)
    if (input) this.#driver.feed(input)
  }

  #serveControl(path: string, pass: ControlEvents['pass']): Control {
    return serveControl(path, {
      ...{ pass, group: groupNumber(VIEWERS) },
      status: () => this.#core.status(this.#machine.clock()),
      events: (after) => this.#core.events(this.#machine.clock(), after),
      cluster: (what, after) => new Promise((done) => this.#machine.coordinators.ask(what, done, after)),
      checks: () => this.#core.checks(this.#machine.clock()),
      recorded: (agoMs) => recorded(this.#core, this.#kept, () => this.#machine.clock(), agoMs),
      alerts: () => this.#core.alerts(this.#machine.clock()),
      stats: (done) => this.#counting.stats(done),
      connections: (wanted, done) => this.#counting.connections(wanted, done),
      metrics: (wanted, done) => this.#metrics(wanted, done),
      rates: (service) => this.#core.rates(this.#machine.clock(), service),
      fence: () => this.#core.fence(this.#machine.readFence(), this.#machine.clock()),
      command: (id, command) => this.#driver.feed({ kind: 'command', id, command }),
      count: (reason) => this.#driver.feed({ kind: 'refused', reason }),
      failed: ({ message }) => this.#ends(`cannot listen on ${path}: ${message}`, 'world'),
      mayAgain: () => this.#machine.mayListenAgain(),
      say: (text) => this.#machine.say(text),
    })
  }

  #metrics(...[wanted, done]: Parameters<ControlEvents['metrics']>): void {
    this.#counting.metrics(this.#core.figures(this.#machine.clock()), this.#prober.figures(), wanted, done)
  }

  #carryOut(effect: NodeEffect): void {
    switch (effect.kind) {
      case 'observe':
      case 'apply':
      case 'sockets':
        return this.#kernel.carryOut(effect)
      case 'openings':
      case 'totals':
        return this.#counting.look(effect.kind, (input) => this.#driver.feed(input))
      case 'vitals':
        return readVitals(effect, (input) => this.#driver.feed(input))
      case 'check':
        return this.#prober.check(effect.id, effect, this.#counting.timed(effect.id, this.#driver, this.#machine))
      case 'deliver':
      case 'hook':
        return this.#prober.carry(effect, (input) => this.#driver.feed(input))
      case 'ping':
        return this.#pinger.ask(effect.round, effect.targets)
      case 'message':
        return sendMessage(this.#lease, effect, (text) => this.#machine.say(text))
      case 'reply':
        return this.#control.reply(effect.id, effect.outcome)
      case 'record':
      case 'word':
      case 'history':
      case 'recording':
      case 'alerts':
      case 'hooks':
        return this.#kept.keep(effect)
      case 'report':
        return this.#machine.coordinators.report(effect.report)
      case 'log':
        return this.#machine.say(effect.text, effect.tags)
      case 'confirm':
        return this.#machine.coordinators.confirm(effect.incarnation, (proof) => this.#driver.feed(proof))
      case 'acts':
        return this.#machine.coordinators.acts(effect.epoch)
      case 'wake':
        return
      case 'view':
      case 'ready':
      case 'switchover':
      case 'standby':
      case 'told':
        return void this.#lease.tell(effect) // It is told again when it connects, or when it is due.
    }
  }
}
