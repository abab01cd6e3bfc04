/** A password from a file, from standard input, or twice from a terminal, which does not show it. */
import { PASSWORD_LENGTH } from '@lvsm/protocol'
import { readFileSync } from 'node:fs'
import { Failure } from './failure.ts'
import { fileFailure } from './file-fault.ts'

export interface PasswordOptions {
  readonly passwordFile?: string | undefined
}
export interface OwnPasswordOptions extends PasswordOptions {
  readonly oldPasswordFile?: string | undefined
}
/** What this needs of a terminal. */
export interface Keyboard {
  readonly isTTY?: boolean | undefined
  setRawMode?(raw: boolean): unknown
  on(event: 'data', key: (chunk: Buffer) => void): unknown
  off(event: 'data', key: (chunk: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
}

export async function readPassword(
  name: string,
  { passwordFile }: PasswordOptions,
  keyboard: Keyboard = process.stdin,
  show: (text: string) => void = (text) => void process.stderr.write(text),
): Promise<string> {
  if (passwordFile !== undefined) return judged(firstLine(passwordFile))
  if (keyboard.isTTY !== true)
    throw new Failure('usage', 'there is no terminal to ask for the password on', 'give --password-file FILE')
  const first = judged(await typed(`Password of ${name}: `, keyboard, show))
  if (first === (await typed('Again: ', keyboard, show))) return first
  throw new Failure('usage', 'that was another one', 'nothing was changed; try again')
}

/** The one that somebody has: asked for once, whatever it is. */
export async function readOldPassword(
  name: string,
  file: string | undefined,
  keyboard: Keyboard = process.stdin,
  show: (text: string) => void = (text) => void process.stderr.write(text),
): Promise<string> {
  if (file !== undefined) return firstLine(file)
  if (keyboard.isTTY === true) return typed(`Old password of ${name}: `, keyboard, show)
  throw new Failure('usage', 'there is no terminal to ask for the old password on', 'give --old-password-file FILE')
}

function judged(password: string): string {
  if ([...password].length >= PASSWORD_LENGTH.least) return password
  throw new Failure(
    'usage',
    `a password has ${PASSWORD_LENGTH.least} characters at least`,
    'several words are easy to remember and hard to guess; nothing was changed',
  )
}

function firstLine(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/)[0] ?? ''
  } catch (error) {
    throw fileFailure('usage', `cannot read ${file}`, error, 'name a file with the password')
  }
}

const ENTER = new Set(['\r', '\n'])
const ERASE = new Set(['\u007f', '\b'])
/** Ctrl-C, Ctrl-D. */
const GIVE_UP = new Set(['\u0003', '\u0004'])

function typed(question: string, keyboard: Keyboard, show: (text: string) => void): Promise<string> {
  show(question)
  return new Promise((resolve, reject) => {
    let text: string[] = []
    const end = (done: () => void): void => {
      keyboard.off('data', onKeys)
      keyboard.setRawMode?.(false)
      keyboard.pause()
      show('\n')
      done()
    }
    const onKeys = (chunk: Buffer): void => {
      for (const key of chunk.toString('utf8')) {
        if (ENTER.has(key)) return end(() => resolve(text.join('')))
        if (GIVE_UP.has(key)) return end(() => reject(new Failure('usage', 'given up', 'nothing was changed')))
        text = ERASE.has(key) ? text.slice(0, -1) : [...text, key]
      }
    }
    keyboard.setRawMode?.(true)
    keyboard.on('data', onKeys)
    keyboard.resume()
  })
}
