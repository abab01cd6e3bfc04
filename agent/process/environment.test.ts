import { describe, expect, test } from 'vitest'
import { cleanEnvironment, cleanOptions, isClean } from './environment.ts'

const clean = {
  environment: { PATH: '/bin', NOTIFY_SOCKET: '/run/x', HOME: '/root' },
  options: ['--disable-sigusr1'],
  inspected: false,
}

describe('a start', () => {
  test('as a unit makes it is clean', () => expect(isClean(clean)).toBe(true))
  test.each([
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_EXTRA_CA_CERTS',
    'NODE_V8_COVERAGE',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'LD_AUDIT',
    'OPENSSL_CONF',
    'SSL_CERT_FILE',
    'UV_THREADPOOL_SIZE',
    'GCONV_PATH',
    'MALLOC_CHECK_',
    'HOSTALIASES',
  ])('with %s is not', (name) => {
    expect(isClean({ ...clean, environment: { ...clean.environment, [name]: 'x' } })).toBe(false)
    expect(cleanEnvironment({ ...clean.environment, [name]: 'x' })).toEqual({
      ...clean.environment,
      PATH: expect.stringMatching(/^\/usr\/local\/sbin:/),
    })
  })
  test.each([
    ['--inspect=0.0.0.0'],
    ['--inspect-brk'],
    ['--require=/tmp/x'],
    ['--import=/tmp/x'],
    ['-r'],
    ['--env-file=x'],
    ['--heapsnapshot-signal=SIGUSR2'],
    ['--report-on-signal'],
  ])('with %s is not', (option) => {
    expect(isClean({ ...clean, options: [...clean.options, option] })).toBe(false)
    expect(cleanOptions([option])).toEqual(['--disable-sigusr1'])
  })
  test('with an inspector that is open already is not', () =>
    expect(isClean({ ...clean, inspected: true })).toBe(false))
  test('in which a signal could open one is not', () => expect(isClean({ ...clean, options: [] })).toBe(false))
  test('that was made clean is clean, and keeps what tunes it', () => {
    const options = cleanOptions([
      '--max-old-space-size=64',
      '--inspect',
      '--require',
      '/tmp/x.js',
      '--disable-sigusr1',
    ])
    expect(options).toEqual(['--disable-sigusr1', '--max-old-space-size=64'])
    expect(
      isClean({ environment: cleanEnvironment({ NODE_OPTIONS: 'x', TZ: 'UTC' }), options, inspected: false }),
    ).toBe(true)
  })
})
