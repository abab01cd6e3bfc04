/** What this thread had of a processor, in milliseconds: who has to wait for one on a busy machine costs it nothing. */
export const spentMs = (): number => {
  // Since Node 23.9; before it a busy machine is looked at more seldom.
  if (!('threadCpuUsage' in process)) return performance.now()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
