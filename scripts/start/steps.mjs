// What bringing things takes: steps that are shown, tools that are run, and a way back from each.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
export const has = (tool) =>
  tool.startsWith('/') ? existsSync(tool) : places.some((place) => existsSync(join(place, tool)))
const colour = process.stderr.isTTY && !process.env.NO_COLOR
const dim = (text) => (colour ? `\u001b[2m${text}\u001b[0m` : text)

/** For people: what is wrong, and the next step. */
export class Stop extends Error {
  constructor(message, next) {
    super(message)
    this.next = next
  }
}

/** What an interruption has to undo; the last first. */
export const undo = []
export function undoAll() {
  for (const back of undo.splice(0).reverse()) back()
}

/** One line per step: its name and its seconds; on a terminal also while it runs. */
export async function step(name, work) {
  const began = Date.now()
  const line = () => `${dim(`· ${name} ${((Date.now() - began) / 1000).toFixed(0)} s`)}`
  if (!process.stderr.isTTY) process.stderr.write(`· ${name} …\n`)
  const timer = process.stderr.isTTY && setInterval(() => process.stderr.write(`\r${line()}`), 500)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${line()}\n`)
  }
}

/** Runs a tool to its end; its output is kept for the error. */
export function tool(argv, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    const stop = () => child.kill('SIGTERM')
    undo.push(stop)
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (text += bytes))
    child.on('error', (error) => reject(new Error(`${argv[0]}: ${error.message}`)))
    child.on('close', (code) => {
      undo.splice(undo.indexOf(stop), 1)
      if (code === 0) resolve(text)
      else reject(Object.assign(new Error(`${argv.slice(0, 2).join(' ')} ended with ${code}`), { text }))
    })
  })
}

export const tail = (error) => `${error.message}\n${(error.text ?? '').trim().split('\n').slice(-6).join('\n')}`
