/** Ports that nobody has to name. */
export const DEFAULT_PORTS = {
  /** UDP, heartbeats. */
  heartbeat: 6940,
  /** TCP: people and joining machines reach the coordinators there. */
  api: 7445,
  /** TCP: nodes reach them there. */
  nodes: 7446,
} as const
