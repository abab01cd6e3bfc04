/** What is shortened for a message or a line: a command that people shall run is never cut. */
import { describe, expect, it, test } from 'vitest'
import { cut, cutHint, saidAndStep } from './cut.ts'
import { troubleCodes, troubleKind } from './troubles/table.ts'

const REFUSED =
  'it does not start, exit code 78: /etc/lvsm/dir2.yaml: others may write /etc/lvsm/dir2.yaml (mode 0666); → chmod go-w /etc/lvsm/dir2.yaml'

describe('a sentence', () => {
  it('that fits stays as it is, and one that does not ends with an ellipsis', () => {
    expect(cut('as it is', 8)).toBe('as it is')
    expect(cut('as it is', 7)).toBe('as it …')
  })
  it('that says what to do keeps that whole: what is before it is cut', () => {
    const said = cut(REFUSED, 120)
    expect(said.length).toBeLessThanOrEqual(120)
    expect(said).toMatch(/^it does not start, exit code 78: .*…; → chmod go-w \/etc\/lvsm\/dir2\.yaml$/)
    expect(cut(said, 100)).toMatch(/…; → chmod go-w \/etc\/lvsm\/dir2\.yaml$/)
  })
  it('whose step has no room says nothing of it', () => {
    expect(cut(REFUSED, 60)).toBe(`${REFUSED.slice(0, 59)}…`)
  })
  it('is told from its step', () => {
    expect(saidAndStep(REFUSED)).toEqual({
      said: REFUSED.slice(0, REFUSED.indexOf(';')),
      step: 'chmod go-w /etc/lvsm/dir2.yaml',
    })
    expect(saidAndStep('it ended')).toEqual({ said: 'it ended', step: null })
    expect(saidAndStep('it ended\n ;, → one; → two')).toEqual({ said: 'it ended', step: 'one; → two' })
    expect(saidAndStep('; → one')).toEqual({ said: '', step: 'one' })
  })
  it.each([';', ',\t', '→', '; →', "'", '('])('of many %j takes no longer than its length', (mark) => {
    const hostile = `${mark.repeat(100_000)}→x`
    expect(cut(hostile, 120)).toHaveLength(120)
    expect(saidAndStep(hostile)).toEqual({ said: hostile, step: null })
    expect(cut(`${hostile} → mend it`, 120)).toMatch(/… → mend it$/)
    expect(cut(`it ended; → ${hostile}`, 120).length).toBeLessThanOrEqual(120)
  })
})

describe('a next step', () => {
  it.each<[hint: string, longest: number, left: string]>([
    ['df -h; df -i', 12, 'df -h; df -i'],
    ['df -h; df -i; mount', 17, 'df -h; df -i; …'],
    ['df -h; df -i; mount', 14, 'df -h; …'],
    ["don't; (umask 077; set -C; openssl rand) here", 30, "don't; …"],
    ["sh -c 'true; false' here", 20, 'lvsm status on that node says it whole'],
  ])('%s, %i letters', (hint, longest, left) => expect(cutHint(hint, longest)).toBe(left))
})

test.each(troubleCodes())('%s: no command of it is cut, however little room there is', (code) => {
  const next = troubleKind(code)?.next ?? ''
  for (let longest = 40; longest < next.length; longest++) {
    const left = cutHint(next, longest)
    const whole = left.endsWith('; …') && next.startsWith(`${left.slice(0, -3)}; `)
    expect(whole || left === 'lvsm status on that node says it whole', left).toBe(true)
  }
})
