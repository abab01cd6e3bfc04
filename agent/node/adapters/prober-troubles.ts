/** What is wrong where the process that makes the checks does not answer. */
import type { Trouble } from '@lvsm/base'

export const SILENT_TROUBLE: Trouble = {
  ...{ code: 'prober-silent', severity: 'warning' },
  message:
    'lvsm-prober, which makes the checks of realservers, answers nothing: until it does verdicts stay as they are',
  hint: 'is this machine too busy (uptime)? One that goes on so is ended and started again by itself; journalctl -u lvsm-agent',
}

export const endedTrouble = (how: string): Trouble => ({
  code: 'prober-ended',
  severity: 'warning',
  message: `lvsm-prober, which makes the checks of realservers, ended ${how}: until it answers again verdicts stay as they are`,
  hint: 'it is started again by itself; if that goes on, the log of lvsm-agent says why it ends',
})
