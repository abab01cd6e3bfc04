/**
 * What an agent on a realserver says of it, by HAProxy's agent protocol (HAProxy, configuration.txt, agent-check): words of administration
 * hold until the agent says another one, the health and the percentage until they are said anew.
 */

export interface AgentWord {
  readonly admin?: 'ready' | 'drain' | 'maint'
  readonly up?: boolean
  /** Of the weight that the configuration says, per cent. */
  readonly percent?: number
}
export interface AgentSaid {
  readonly admin: 'ready' | 'drain' | 'maint'
  readonly up: boolean
  readonly percent: number
}
export const NOTHING_SAID: AgentSaid = { admin: 'ready', up: true, percent: 100 }

export const afterWord = (said: AgentSaid, { admin, up, percent }: AgentWord): AgentSaid => ({
  admin: admin ?? said.admin,
  up: up ?? said.up,
  percent: percent ?? said.percent,
})

/** May it serve, and with how much of its weight? One that is drained keeps its connections. */
export const ofAgent = ({ admin, up, percent }: AgentSaid): { readonly ok: boolean; readonly percent: number } => ({
  ok: up && admin !== 'maint',
  percent: admin === 'drain' ? 0 : percent,
})
