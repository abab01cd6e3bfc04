/** The thread of `lvsm-agent` that reads what the kernel counts, names it, and writes it as text. */
import { parentPort } from 'node:worker_threads'
import { invariant } from '@lvsm/base'
import type { CountsAnswer, CountsJob, CountsOutcome, CountsQuestion } from '@lvsm/protocol'
import { listingOf } from './connections.ts'
import { StandingDropRules } from './drop-rules.ts'
import { estimatesRates, KernelCounts, readConnections, readTotals } from './kernel.ts'
import { metricsOf } from './metrics.ts'
import { type Naming, namingOf } from './named.ts'
import { Openings } from './openings.ts'
import { statsOf } from './stats.ts'
import { spentMs } from './spent.ts'
import { areFew, totalsOf } from './totals.ts'

/** Milliseconds that connections are read for; whoever asks waits longer. */
const PATIENCE_MS = 5000

const port = parentPort
invariant(port, 'counts have a thread of their own')
const kernel = new KernelCounts()
const dropRules = new StandingDropRules()
const clock = (): number => performance.now()
let naming: Naming = namingOf({ cluster: '', node: '', revision: 0, groups: [], services: [] })

const textOf = (report: unknown): CountsOutcome => ({ ok: true, text: `${JSON.stringify(report)}\n` })

function outcomeOf(question: CountsQuestion): CountsOutcome {
  switch (question.kind) {
    case 'stats':
      return textOf(statsOf(naming, kernel.services(), question.owners, estimatesRates()))
    case 'metrics':
      return { ok: true, text: metricsOf(naming, kernel.services(), readTotals(), question) }
    case 'totals': {
      const isEach = areFew(naming)
      return textOf(totalsOf(naming, kernel.services(isEach), readTotals(), isEach))
    }
    case 'openings': {
      const openings = new Openings(naming)
      const began = spentMs()
      const { there, whole } = readConnections((line) => openings.take(line), clock, PATIENCE_MS)
      return textOf(openings.report(there && whole, spentMs() - began))
    }
    case 'drop-rules':
      return textOf(dropRules.read())
    case 'connections': {
      const listing = listingOf(naming, question.wanted)
      if ('refusals' in listing) return { ok: false, refusals: listing.refusals }
      const { there, whole } = readConnections((line) => listing.take(line), clock, PATIENCE_MS)
      return textOf(listing.report(there, whole))
    }
  }
}

function answerTo(question: CountsQuestion): CountsOutcome {
  try {
    return outcomeOf(question)
  } catch (error) {
    const message = `the kernel's counts cannot be read: ${(error as Error).message}`
    const hint = 'try again; else, as root: ipvsadm -Ln --stats'
    return { ok: false, refusals: [{ code: 'kernel-unread', message, hint }] }
  }
}

port.on('message', (job: CountsJob) => {
  if (job.kind === 'names') naming = namingOf(job.names)
  else port.postMessage({ id: job.id, outcome: answerTo(job.question) } satisfies CountsAnswer)
})
