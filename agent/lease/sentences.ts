/** What this process says of what it lacks, with the next step. */
import { LONGEST_LEASE_MS } from '@lvsm/base'

const HINT =
  'it needs nf_tables with the families inet, arp and netdev (modprobe nf_tables; Debian: package linux-image-amd64)'

export const unanswered = (error: Error): string => `the kernel cannot be asked: ${error.message}\n  ${HINT}`
export const unfenced = (error: string): string =>
  `the kernel refused the fence: ${error}; without it this node may own nothing\n  ${HINT}`

export const withoutState = (stateDir: string): string =>
  `no state in ${stateDir}: if this node is a voter, it is silent for ${LONGEST_LEASE_MS / 1000} s, as long as a forgotten lease may live (on a new node, run lvsm-lease --set-up first)`
export const notKept = (what: string, stateDir: string, error: Error, goesOn: string): string =>
  `cannot keep ${what} in ${stateDir}: ${error.message}; it is tried again, and failover goes on${goesOn}`
