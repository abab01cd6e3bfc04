/** Whose business a command is. */
import { onTestAlert } from '../alerts/report.ts'
import type { NodeState } from '../state.ts'
import type { Asked } from './pending.ts'
import { onRunCheck } from './run-check.ts'
import { onStandby } from './standby.ts'
import { onSwitchover } from './switchover.ts'

export function dispatch(state: NodeState, asked: Asked): void {
  const { command } = asked
  switch (command.verb) {
    case 'switchover':
      return onSwitchover(state, { ...asked, command })
    case 'standby':
      return onStandby(state, { ...asked, command })
    case 'runCheck':
      return onRunCheck(state, { ...asked, command })
    case 'testAlert':
      return onTestAlert(state, { ...asked, command })
  }
}
