/** The Debian package is enough for a cluster: machines install it, one begins, the others join; people, and users who may only look. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeNodeIdentity } from '@lvsm/protocol'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { makePackage } from '../../scripts/package/make.ts'
import { connectMachines, type DebianMachine, startMachine } from '../kit/debian-machine.ts'
import { tokenOf } from '../kit/machines.ts'

const SLOW_MS = 60_000
/** Three machines start and install it; that they have a core each nobody promises. */
const WHOLE_MS = 600_000
const PASSWORD = 'correct horse'

let out = ''
const machines: DebianMachine[] = []
let dir1: DebianMachine
let dir2: DebianMachine
let rs1: DebianMachine
beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'lvsm-package-'))
  const making = makePackage({ compression: 'none', out, version: null })
  for (const name of ['dir1', 'dir2', 'rs1']) machines.push(await startMachine(name))
  const [one, two, three] = machines
  if (!one || !two || !three) return
  ;[dir1, dir2, rs1] = [one, two, three]
  connectMachines([dir1, '10.10.0.1/24'], [dir2, '10.10.0.2/24'], [rs1, '10.10.0.3/24'])
  const { file } = await making
  for (const machine of machines) {
    machine.bring(file, '/root/lvsm.deb')
    machine.say('dpkg -i /root/lvsm.deb; rm /root/lvsm.deb')
  }
}, WHOLE_MS)
afterAll(async () => {
  for (const machine of machines) await machine.end()
  rmSync(out, { recursive: true, force: true })
})

/** Each look costs a process or two. */
const eventually = (look: () => void): Promise<void> => vi.waitFor(look, { interval: 250, timeout: SLOW_MS })
const answers = (machine: DebianMachine, line: string, words: RegExp): Promise<void> =>
  eventually(() => expect(machine.run(line).text).toMatch(words))
const active = (machine: DebianMachine, ...units: string[]): string =>
  machine.say(`systemctl is-active ${units.map((unit) => `lvsm-${unit}`).join(' ')}`)

test('a cluster begins on the first, and its command starts everything there', async () => {
  dir1.say(`umask 077; echo '${PASSWORD}' > /root/password`)
  // What is on standard error is progress: there where something takes longer than a second.
  expect(dir1.say('lvsm init --cluster lab --password-file /root/password 2> /root/words')).toBe(
    `cluster lab begins here, on dir1
started: lvsm-coordinator, lvsm-lease, lvsm-agent
people: https://10.10.0.1:7445, as admin
next: lvsm token create, for each machine that is to join
`,
  )
  await answers(dir1, 'lvsm coordinators', /^dir1 leads/)
})

test('a second machine joins with a token, and is a node and a coordinator', async () => {
  const token = tokenOf(dir1.say('lvsm token create'))
  expect(dir2.say(`lvsm join ${token} --role director 2> /root/words`)).toBe(
    `dir2 is a node of cluster lab, at revision 2
dir2 is one of the coordinators
started: lvsm-coordinator, lvsm-lease, lvsm-agent
`,
  )
  expect(dir2.say('cat /root/words')).toMatch(
    / writes +\/var\/lib\/lvsm\/node.json[^]* starts, now and at boot +lvsm-coordinator/,
  )
  expect(active(dir2, 'coordinator', 'lease', 'agent')).toBe('active\n'.repeat(3))
  for (const machine of [dir1, dir2]) {
    await answers(machine, 'lvsm coordinators', / dir1.* leader [^]* dir2.* (learner|voter) /)
    await answers(machine, 'lvsm status', /revision 2[^]*\n +dir1 +director [^]*\n +dir2 +director /)
  }
})

test('the command that a token is printed with is all that the third needs', async () => {
  const [, join = ''] = /^ +(lvsm join .+)$/m.exec(dir2.say('lvsm token create --role realserver')) ?? []
  const said = rs1.say(`${join} 2> /root/words`)
  expect(said).toMatch(/rs1 is a node of cluster lab, at revision 3\nstarted: lvsm-lease, lvsm-agent\n$/)
  expect(rs1.run('systemctl is-active lvsm-coordinator').text).toBe('inactive\n')
  await answers(rs1, 'lvsm status', /\n +dir1 +director [^]*\n +dir2 +director [^]*\n +rs1 +realserver /)
})

test('a change on one of them is used by all', async () => {
  // Of a group no kernel without IPVS could have a director.
  const line = `lvsm pool add web 'realservers=[{node: rs1, address: 10.10.0.3, forward: dr}]' --yes -m first`
  expect(dir1.say(line)).toMatch(/\nrevision 4\n[^]*all 3 nodes use it\n$/)
  for (const machine of machines) await answers(machine, 'lvsm status', /^lab .*, revision 4\b/)
})

describe('people', () => {
  /** From a machine that is no coordinator, and believes the cluster's authority alone. */
  const curl = (words: string): string => rs1.say(`curl --silent --show-error --cacert /root/authority.pem ${words}`)
  const told = (words: string): string =>
    curl(`--output /root/answer --write-out '%{http_code} %{content_type}' ${words}`)
  beforeAll(() => {
    const identity = decodeNodeIdentity(rs1.say('cat /var/lib/lvsm/node.json'))
    rs1.say(`cat > /root/authority.pem <<END\n${identity?.authority}\nEND`)
  })

  test.each(['https://10.10.0.1:7445', 'https://10.10.0.2:7445'])('reach the console and the API at %s', (port) => {
    expect(told(`${port}/`)).toBe('200 text/html; charset=utf-8')
    const page = rs1.say('cat /root/answer')
    const parts = [...page.matchAll(/ (?:src|href)="([^"]+)"/g)].map(([, path]) => path)
    expect(parts.map((path) => `${path} ${told(`${port}/${path}`)}`)).toEqual([
      'icon.svg 200 image/svg+xml',
      'console.css 200 text/css; charset=utf-8',
      'console.js 200 text/javascript; charset=utf-8',
    ])
    for (const path of ['status', 'config', 'events', 'users'])
      expect([path, told(`${port}/v1/${path}`)]).toEqual([path, '401 application/json'])
    const login = (password: string): string =>
      told(`--cookie-jar /root/jar --json '{"user":"admin","password":"${password}"}' ${port}/v1/login`)
    expect(login('wrong horse')).toBe('401 application/json')
    expect(login(PASSWORD)).toBe('200 application/json')
    expect(curl(`--cookie /root/jar ${port}/v1/status`)).toMatch(/"cluster":"lab"[^]*"name":"rs1"/)
  })
})

describe('a user who is not root', () => {
  const LOOKS = ['lvsm status', 'lvsm events', 'lvsm config show'] as const
  const as = (user: string, machine: DebianMachine, line: string) => machine.run(`runuser -u ${user} -- ${line}`)
  beforeAll(() => {
    for (const machine of [dir1, rs1]) machine.say('useradd alice; useradd bob; usermod -aG lvsm-view alice')
  })

  test.each([
    ['a coordinator', () => dir1],
    ['no coordinator', () => rs1],
  ])('looks as a member of lvsm-view, on a node with %s', (_, place) => {
    for (const line of LOOKS) {
      const { code, text } = as('alice', place(), line)
      expect([line, code, text]).toEqual([line, 0, expect.stringMatching(/dir1/)])
    }
  })

  test('the coordinator’s own socket is open to members, whatever happens to its directory', async () => {
    const line = 'lvsm --coordinator-socket /run/lvsm-coordinator/coordinator.sock config show'
    const shown = () => [
      as('alice', dir1, line).code,
      dir1.say('stat -c "%a %U %G" /run/lvsm-coordinator /run/lvsm-coordinator/*.sock'),
    ]
    const open = [0, '750 lvsm lvsm-view\n660 lvsm lvsm-view\n']
    expect(shown()).toEqual(open)
    // As an upgrade does, and as a boot does.
    dir1.say('systemd-tmpfiles --create lvsm.conf')
    expect(shown()).toEqual(open)
    dir1.say('systemctl restart lvsm-coordinator')
    await eventually(() => expect(shown()).toEqual(open))
    expect(dir1.say('journalctl -u lvsm-coordinator -u lvsm-agent -o cat')).not.toMatch(/members of group/)
  })

  test.each([
    ['dir1', 'lvsm token create', /^lvsm: alice is viewer, and this is for admins\n {2}→ run it as root, or log in/],
    [
      'rs1',
      'lvsm pool remove web --yes',
      /^lvsm: alice on rs1 is viewer, .* admins\n {2}→ run it as root on a director, or/,
    ],
    ['dir1', 'lvsm standby on', /^lvsm: alice is viewer, and this is for admins\n {2}→ run it as root\n/],
  ])('changes nothing as a member: on %s, %s', (name, line, said) => {
    const { code, text } = as('alice', name === 'dir1' ? dir1 : rs1, line)
    expect(text).toMatch(said)
    expect(code).toBe(1)
  })

  test('who became root is named beside root, in the history of the configuration', () => {
    // As pam_loginuid does it when somebody logs in.
    const line = 'lvsm timing set warntime=700ms --yes -m mine'
    dir1.say(`sh -c 'echo $(id -u alice) > /proc/self/loginuid; ${line}'`)
    expect(dir1.say('lvsm config history')).toMatch(/ alice as root .* mine\b/)
  })

  test('sees how a coordinator ended, which its unit says where the agent may look', async () => {
    dir1.say('systemctl stop lvsm-coordinator')
    const ended = () => as('alice', dir1, 'lvsm events --kind ended -o json').text
    await eventually(() => expect(ended()).toMatch(/lvsm-coordinator \(process \d+\) ended: exit code 0/))
    dir1.say('systemctl start lvsm-coordinator')
  })

  test.each([...LOOKS, 'lvsm token create', 'lvsm backup /tmp/lvsm.db'])(
    'who is no member is told how to become one: %s',
    (line) => {
      for (const machine of [dir1, rs1]) {
        const { code, text } = as('bob', machine, line)
        expect(text).toMatch(
          /^lvsm: cannot reach an? (agent|coordinator); tried:\n( {2}\/run\/.*: permission denied: .* group lvsm-view.*\n)+ {2}→ run it as root; .*usermod -aG lvsm-view USER/,
        )
        expect(code).toBe(3)
      }
    },
  )
})

describe('a machine that leaves', () => {
  /** What is tried there ends with this exit code, and these words. */
  const refused = (machine: DebianMachine, line: string, words: RegExp): void => {
    const { code, text } = machine.run(line)
    expect(text).toMatch(words)
    expect([line, code]).toEqual([line, 1])
  }
  const UNITS = ['coordinator', 'lease', 'agent'] as const
  const states = (machine: DebianMachine): string =>
    machine.run(`systemctl is-active ${UNITS.map((unit) => `lvsm-${unit}`).join(' ')}`).text

  test('is told each step while it is in, and nothing is changed', () => {
    refused(rs1, 'lvsm leave --yes', /^lvsm: rs1 is in the cluster; nothing was changed\n {2}→ lvsm node remove rs1\n/)
    refused(
      dir2,
      'lvsm leave --yes',
      /^lvsm: dir2 is in the cluster; nothing was changed\n(?: {2}→ lvsm node set dir2 voter=false\n)? {2}→ lvsm coordinators remove dir2\n {2}→ lvsm node remove dir2\n/,
    )
    expect(active(dir2, ...UNITS)).toBe('active\n'.repeat(3))
  })

  test('a realserver: what it asks is passed on no more once it was removed, and it can leave', async () => {
    await answers(rs1, 'lvsm config show', /rs1/)
    dir1.say('lvsm pool remove web --yes -m last; lvsm node remove rs1 --yes -m gone')
    // Its agent reaches nobody who believes it: nobody speaks for the cluster there, and the way out is named.
    await eventually(() => {
      const { code, text } = rs1.run('lvsm config show')
      expect(text).toMatch(/the node was removed, or set up anew[^]*\n {2}→ .*lvsm join TOKEN; .*lvsm leave --force/)
      expect(code).toBe(3)
    })
    refused(rs1, 'lvsm leave --yes', /no coordinator says whether rs1 is in the cluster yet[^]*lvsm leave --force/)
    expect(rs1.say('lvsm leave --force --yes')).toMatch(/what was in \/var\/lib\/lvsm is in [^]*in no cluster any more/)
    expect(states(rs1)).toBe('inactive\n'.repeat(3))
    expect(rs1.say('systemctl --failed --plain --no-legend')).toBe('')
    refused(rs1, 'lvsm leave --force --yes', /nothing of a cluster is on this machine/)
  })

  test('a director and coordinator, by the steps that it was told', async () => {
    for (const line of [
      'lvsm node set dir2 voter=false --yes',
      'lvsm coordinators remove dir2 --yes',
      'lvsm node remove dir2 --yes',
    ])
      expect([line, dir1.run(line)]).toEqual([line, expect.objectContaining({ code: 0 })])
    expect(dir2.say('lvsm leave --force --yes')).toMatch(/in no cluster any more/)
    expect(states(dir2)).toBe('inactive\n'.repeat(3))
    await answers(dir1, 'lvsm coordinators', /^dir1 leads/)
    expect(dir1.say('lvsm status')).not.toMatch(/dir2|rs1/)
  })

  test('joins again, as somebody new', async () => {
    const token = tokenOf(dir1.say('lvsm token create'))
    expect(rs1.say(`lvsm join ${token} --role realserver 2> /root/words`)).toMatch(/^rs1 is a node of cluster lab/)
    await answers(dir1, 'lvsm status', /\n +rs1 +realserver /)
  })
})
