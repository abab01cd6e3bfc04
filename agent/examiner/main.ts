#!/usr/bin/env node
/**
 * `lvsm-examiner`: reads what this machine is, or makes one of the changes that `lvsm doctor --fix` is made of. One order on standard
 * input, one answer on standard output, both JSON (`packages/protocol/src/doctor`). It needs no agent, and decides nothing.
 */
import { readFileSync } from 'node:fs'
import { DAEMON_EXITS, readExaminerOrder } from '@lvsm/protocol'
import { change } from './change.ts'
import { look } from './look.ts'

const order = readExaminerOrder(readFileSync(0, 'utf8'))
if (order === null) {
  process.stderr.write('lvsm-examiner: no order that is understood\n  → it is started by lvsm doctor, not by hand\n')
  process.exit(DAEMON_EXITS.usage.code)
}
const answer = order.kind === 'look' ? look(order.towards, order.answers) : { failures: change(order.fixes) }
process.stdout.write(`${JSON.stringify(answer)}\n`)
