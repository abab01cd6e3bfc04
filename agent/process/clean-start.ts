/**
 * Imported first by both daemons. They run as root, so what an environment can make of a Node program (code that is loaded
 * before it, an inspector) must not depend on the shell that somebody started them from; and no signal may open Node's
 * inspector, not even one that comes before our handlers stand. Where a start was not clean, the process becomes a clean
 * one: the same process, the same command line (man 2 execve). A unit that starts `node --disable-sigusr1` costs no second start.
 */
import { url } from 'node:inspector'
import { cleanEnvironment, cleanOptions, isClean, PATH } from './environment.ts'

// A closed terminal, or what other programs take for a question, ends nothing, from here on. What they mean: see launch.ts.
const QUESTIONS = [
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGXCPU',
  'SIGSTKFLT',
  'SIGPROF',
] as const
for (const signal of QUESTIONS) process.on(signal, () => undefined)

if (!isClean({ environment: process.env, options: process.execArgv, inspected: url() !== undefined })) {
  const { execPath, execArgv, argv, env } = process
  process.execve?.(execPath, [execPath, ...cleanOptions(execArgv), ...argv.slice(1)], cleanEnvironment(env))
}
// What is started from here (modprobe) is the system's, and hears of nothing that would have it do something else.
const kept = cleanEnvironment(process.env)
for (const name of Object.keys(process.env)) if (!Object.hasOwn(kept, name)) delete process.env[name]
process.env['PATH'] = PATH
