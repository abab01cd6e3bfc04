/**
 * The IPVS codec against a kernel that has IPVS, with `ipvsadm` as judge: what we write it must show, and what
 * it writes we must read. Prints each check; exit code 1 when one failed. Needs root, inside the lab.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { ENGINES, namesOf, SCHEDULERS, schedulerRow, type ServiceSpec, specText } from '@lvsm/model'
import { type Decoded, ipvs, type Message } from '@lvsm/netlink'
import { decodeSpec, encodeSpec } from '../../agent/node/adapters/kernel/ipvs.ts'

const space = `lvsm-oracle-${process.pid}`
const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8' })
const ipvsadm = (args: string): string => run('ip', 'netns', 'exec', space, 'ipvsadm', ...args.split(' '))
const saved = (): string[] =>
  ipvsadm('-Sn')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim())
const value = <T>(decoded: Decoded<T>): T => {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

for (const module of [
  'ip_vs',
  ...[SCHEDULERS, ENGINES].flatMap((rows) => Object.values(rows).map((row) => row.module)),
]) {
  try {
    run('modprobe', module)
  } catch {
    // Built in, or missing: the first check tells.
  }
}
run('ip', 'netns', 'add', space)
run('ip', '-n', space, 'link', 'set', 'lo', 'up')
const socket = inNamespace(space, () => openNetlink(NETLINK.generic))
/** A stop before the daemon's thread ran has no answer (see below). */
const stopped = (state: 'master' | 'backup'): boolean => {
  const [reply] = socket.request([ipvs.deleteDaemon(family, state)])
  return reply !== undefined && (reply.errno === 0 || !reply.answered)
}

let failed = 0
function check(what: string, test: () => void): void {
  try {
    test()
    process.stdout.write(`ok    ${what}\n`)
  } catch (error) {
    failed++
    process.stdout.write(`FAIL  ${what}\n      ${String((error as Error).message).replaceAll('\n', '\n      ')}\n`)
  }
}

const family = value(ipvs.decodeFamily(socket.request([ipvs.getFamily(ipvs.FAMILY)])[0]?.data[0] as Message))
const codes = (...messages: Uint8Array[]): string[] => socket.request(messages).map(({ code }) => code)
const services = (): ipvs.Service[] =>
  socket.dump(ipvs.dumpServices(family)).map((message) => value(ipvs.decodeService(message)))
const destinations = (name: ipvs.ServiceName): ipvs.Destination[] =>
  socket.dump(ipvs.dumpDestinations(family, name)).map((message) => value(ipvs.decodeDestination(message)))

const http: ipvs.ServiceName = { kind: 'address', protocol: 'tcp', address: '10.11.0.10', port: 80 }
const dns: ipvs.ServiceName = { kind: 'address', protocol: 'udp', address: '10.11.0.10', port: 53 }
const marked: ipvs.ServiceName = { kind: 'mark', family: 2, mark: 7 }
const six: ipvs.ServiceName = { kind: 'address', protocol: 'tcp', address: 'fd00::10', port: 443 }
const dr: ipvs.DestinationSpec = { address: '10.11.0.11', port: 80, forward: 'dr', weight: 3 }

check('info', () => {
  const info = value(ipvs.decodeInfo(socket.request([ipvs.getInfo(family)])[0]?.data[0] as Message))
  assert.match(
    ipvsadm('-Ln'),
    new RegExp(`version ${info.version.replaceAll('.', '\\.')} \\(size=${info.tableSize}\\)`),
  )
})
check('new services of every kind', () => {
  assert.deepEqual(
    codes(
      ipvs.newService(family, { name: http, scheduler: 'wrr' }),
      ipvs.newService(family, { name: dns, scheduler: 'rr', flags: ipvs.SERVICE_FLAG.onePacket }),
      ipvs.newService(family, { name: marked, scheduler: 'wlc', persistenceSeconds: 300, persistencePrefix: 24 }),
      ipvs.newService(family, { name: six, scheduler: 'sh', flags: ipvs.SERVICE_FLAG.scheduler1 }),
    ),
    ['OK', 'OK', 'OK', 'OK'],
  )
  const lines = saved()
  for (const line of [
    '-A -t 10.11.0.10:80 -s wrr',
    '-A -u 10.11.0.10:53 -s rr -o',
    '-A -f 7 -s wlc -p 300 -M 255.255.255.0',
    '-A -t [fd00::10]:443 -s sh -b sh-fallback',
  ])
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
})
check('new destinations of every kind', () => {
  assert.deepEqual(
    codes(
      ipvs.newDestination(family, http, { ...dr, upperThreshold: 100, lowerThreshold: 50 }),
      ipvs.newDestination(family, http, { address: '10.12.0.13', port: 8080, forward: 'nat', weight: 0 }),
      ipvs.newDestination(family, http, { address: '10.12.0.14', port: 80, forward: 'tun', weight: 65535 }),
      ipvs.newDestination(family, http, { ...dr, address: '10.12.0.15', forward: 'tun', tunnel: 'gre' }),
      ipvs.newDestination(family, marked, { address: '10.12.0.14', port: 0, forward: 'dr', weight: 1 }),
      ipvs.newDestination(family, six, { address: 'fd00::11', port: 443, forward: 'dr', weight: 1 }),
    ),
    ['OK', 'OK', 'OK', 'OK', 'OK', 'OK'],
  )
  const lines = saved()
  for (const line of [
    '-a -t 10.11.0.10:80 -r 10.11.0.11:80 -g -w 3 -x 100 -y 50',
    '-a -t 10.11.0.10:80 -r 10.12.0.13:8080 -m -w 0',
    '-a -t 10.11.0.10:80 -r 10.12.0.14:80 -i -w 65535',
    '-a -t 10.11.0.10:80 -r 10.12.0.15:80 -i -w 3 --tun-type gre',
    '-a -f 7 -r 10.12.0.14:0 -g -w 1',
    '-a -t [fd00::10]:443 -r [fd00::11]:443 -g -w 1',
  ])
    assert.ok(
      lines.some((found) => found.startsWith(line.replace(/ -x.*/, ''))),
      `${line} in\n${lines.join('\n')}`,
    )
  assert.match(ipvsadm('-Ln --thresholds'), /10\.11\.0\.11:80\s+100\s+50/)
})
check('/proc/net/ip_vs lists what netlink dumps', () => {
  const listing = run('ip', 'netns', 'exec', space, 'cat', '/proc/net/ip_vs')
  const listed = value(ipvs.decodeListing(listing)).map(({ name, scheduler, destinations }) =>
    JSON.stringify([name, scheduler, destinations]),
  )
  const dumped = services().map(({ name, scheduler }) => {
    const listedName = name.kind === 'mark' ? { kind: name.kind, mark: name.mark } : name
    const dests = destinations(name).map(
      ({ address, port, forward, weight, activeConnections, inactiveConnections }) => ({
        address,
        port,
        forward,
        weight,
        activeConnections,
        inactiveConnections,
      }),
    )
    return JSON.stringify([listedName, scheduler, dests])
  })
  assert.deepEqual(listed.toSorted(), dumped.toSorted(), listing)
})
check('reads its own services and destinations back', () => {
  const found = services()
  assert.equal(found.length, 4)
  const persistent = found.find(({ name }) => name.kind === 'mark')
  assert.deepEqual(
    { ...persistent, stats: 0 },
    { name: marked, scheduler: 'wlc', flags: 0, persistenceSeconds: 300, persistencePrefix: 24, engine: '', stats: 0 },
  )
  assert.equal(
    found.find(({ name }) => name.kind === 'address' && name.port === 53)?.flags,
    ipvs.SERVICE_FLAG.onePacket,
  )
  assert.deepEqual(found.find(({ name }) => name.kind === 'address' && name.port === 443)?.name, six)
  const first = destinations(http).find(({ address }) => address === '10.11.0.11')
  assert.deepEqual(
    { ...first, stats: 0 },
    {
      ...dr,
      upperThreshold: 100,
      lowerThreshold: 50,
      activeConnections: 0,
      inactiveConnections: 0,
      persistentConnections: 0,
      stats: 0,
    },
  )
  assert.deepEqual(
    destinations(http)
      .map(({ forward }) => forward)
      .sort(),
    ['dr', 'nat', 'tun', 'tun'],
  )
  const wrapped = destinations(http).flatMap(({ tunnel = '' }) => (tunnel === '' ? [] : [tunnel]))
  assert.deepEqual(wrapped.toSorted(), ['gre', 'ipip'])
  assert.equal(destinations(six)[0]?.address, 'fd00::11')
})
check('edits in place', () => {
  assert.deepEqual(
    codes(
      ipvs.setService(family, { name: http, scheduler: 'wlc', persistenceSeconds: 60 }),
      ipvs.setDestination(family, http, { ...dr, weight: 0 }),
    ),
    ['OK', 'OK'],
  )
  const lines = saved()
  assert.ok(lines.includes('-A -t 10.11.0.10:80 -s wlc -p 60'), lines.join('\n'))
  assert.ok(lines.includes('-a -t 10.11.0.10:80 -r 10.11.0.11:80 -g -w 0'), lines.join('\n'))
  assert.deepEqual(codes(ipvs.setService(family, { name: http, scheduler: 'rr' })), ['OK'])
  assert.ok(saved().includes('-A -t 10.11.0.10:80 -s rr'), 'persistence is taken away again')
})
check('reads what ipvsadm wrote', () => {
  ipvsadm('-A -t 10.11.0.20:8443 -s mh -b mh-port,mh-fallback')
  ipvsadm('-a -t 10.11.0.20:8443 -r 10.12.0.11:8443 -m -w 5 -x 9 -y 3')
  const name: ipvs.ServiceName = { kind: 'address', protocol: 'tcp', address: '10.11.0.20', port: 8443 }
  const found = services().find((service) => service.name.kind === 'address' && service.name.port === 8443)
  assert.equal(found?.scheduler, 'mh')
  assert.equal(found?.flags, ipvs.SERVICE_FLAG.scheduler1 | ipvs.SERVICE_FLAG.scheduler2)
  const [destination] = destinations(name)
  assert.deepEqual(
    [destination?.weight, destination?.forward, destination?.upperThreshold, destination?.lowerThreshold],
    [5, 'nat', 9, 3],
  )
})
/** Not every kernel is built with each of them. */
const isThere = (scheduler: keyof typeof SCHEDULERS): boolean => {
  const name: ipvs.ServiceName = { ...http, port: 83 }
  const [made] = codes(ipvs.newService(family, { name, scheduler }))
  if (made !== 'OK') process.stdout.write(`# no ${SCHEDULERS[scheduler].module} here: ${made}\n`)
  else codes(ipvs.deleteService(family, name))
  assert.ok(made === 'OK' || made === 'ENOENT', `${scheduler}: ${made}`)
  return made === 'OK'
}
check('every scheduler of the model, with each of its flags, and one service read by itself', () => {
  const name: ipvs.ServiceName = { ...http, port: 82 }
  for (const scheduler of namesOf(SCHEDULERS).filter(isThere)) {
    const all = schedulerRow(scheduler)?.flags ?? []
    for (const flags of [[], ...all.map((flag) => [flag]), all]) {
      const spec = { scheduler, flags }
      assert.deepEqual(codes(ipvs.newService(family, { name, ...encodeSpec(spec) })), ['OK'], specText(spec))
      const line = saved().find((one) => one.startsWith('-A -t 10.11.0.10:82 ')) ?? ''
      const [, method = '', theirs = ''] = / -s (\S+)(?: -b (\S+))?$/.exec(line) ?? []
      assert.deepEqual([method, theirs.split(',').filter(Boolean).toSorted()], [scheduler, flags.toSorted()], line)
      const read = socket.request([ipvs.getService(family, name)])[0]?.data[0] as Message
      assert.deepEqual(decodeSpec(value(ipvs.decodeService(read))), spec)
      assert.deepEqual(codes(ipvs.deleteService(family, name)), ['OK'])
    }
  }
  assert.deepEqual(codes(ipvs.getService(family, name)), ['ESRCH'])
})
check('every option of a service, as ipvsadm reads it, and taken away again', () => {
  const name: ipvs.ServiceName = { ...dns, port: 5060 }
  const plain: ServiceSpec = { scheduler: 'rr', flags: [] }
  const options: readonly (readonly [ServiceSpec, string])[] = [
    [{ ...plain, onePacket: true }, '-s rr -o'],
    [{ ...plain, persistence: { seconds: 300, prefix: null, engine: null } }, '-s rr -p 300'],
    [{ ...plain, persistence: { seconds: 60, prefix: 24, engine: null } }, '-s rr -p 60 -M 255.255.255.0'],
    [{ ...plain, persistence: { seconds: 60, prefix: null, engine: 'sip' } }, '-s rr -p 60 --pe sip'],
    [
      { ...plain, onePacket: true, persistence: { seconds: 9, prefix: 16, engine: 'sip' } },
      '-s rr -p 9 -M 255.255.0.0 -o --pe sip',
    ],
    [plain, '-s rr'],
  ]
  assert.deepEqual(codes(ipvs.newService(family, { name, ...encodeSpec(plain) })), ['OK'])
  for (const [spec, words] of options) {
    assert.deepEqual(codes(ipvs.setService(family, { name, ...encodeSpec(spec) })), ['OK'], specText(spec))
    const line = saved().find((one) => one.startsWith('-A -u 10.11.0.10:5060 ')) ?? ''
    const sorted = (text: string): string[] => text.split(/ (?=-)/).toSorted()
    assert.deepEqual(sorted(line.slice('-A -u 10.11.0.10:5060 '.length)), sorted(words), line)
    const read = socket.request([ipvs.getService(family, name)])[0]?.data[0] as Message
    assert.deepEqual(decodeSpec(value(ipvs.decodeService(read))), spec)
  }
  const destination: ipvs.DestinationSpec = { address: '10.11.0.11', port: 5060, forward: 'dr', weight: 1 }
  assert.deepEqual(
    codes(
      ipvs.newDestination(family, name, { ...destination, upperThreshold: 5, lowerThreshold: 6 }),
      ipvs.newDestination(family, name, { ...destination, upperThreshold: 5, lowerThreshold: 5 }),
      ipvs.setDestination(family, name, { ...destination, upperThreshold: 0, lowerThreshold: 0 }),
    ),
    ['ERANGE', 'OK', 'OK'],
    'a lower threshold above the upper one is refused',
  )
  assert.deepEqual(codes(ipvs.deleteService(family, name)), ['OK'])
})
check('SCTP, and an engine that is not there', () => {
  const name: ipvs.ServiceName = { kind: 'address', protocol: 'sctp', address: '10.11.0.10', port: 5061 }
  const engine = { seconds: 9, prefix: null, engine: 'nosuch' }
  assert.deepEqual(
    codes(
      ipvs.newService(family, { name, ...encodeSpec({ scheduler: 'rr', flags: [], persistence: engine }) }),
      ipvs.newService(family, { name, scheduler: 'rr' }),
      ipvs.deleteService(family, name),
    ),
    ['ENOENT', 'OK', 'OK'],
  )
})
check('each message has its own answer', () => {
  const absent: ipvs.ServiceName = { ...http, port: 81 }
  assert.deepEqual(
    codes(
      ipvs.newService(family, { name: http, scheduler: 'rr' }),
      ipvs.newService(family, { name: absent, scheduler: 'nosuch' }),
      ipvs.setService(family, { name: absent, scheduler: 'rr' }),
      ipvs.deleteService(family, absent),
      ipvs.newDestination(family, absent, dr),
      ipvs.newDestination(family, http, dr),
      ipvs.setDestination(family, http, { ...dr, address: '10.11.0.99' }),
      ipvs.deleteDestination(family, http, { address: '10.11.0.99', port: 80 }),
    ),
    ['EEXIST', 'ENOENT', 'ESRCH', 'ESRCH', 'ESRCH', 'EEXIST', 'ENOENT', 'ENOENT'],
  )
})
check('timeouts', () => {
  assert.deepEqual(codes(ipvs.setTimeouts(family, { tcpSeconds: 600, tcpFinSeconds: 60, udpSeconds: 30 })), ['OK'])
  assert.match(ipvsadm('-Ln --timeout'), /600 60 30/)
  ipvsadm('--set 0 0 45')
  const read = socket.request([ipvs.getTimeouts(family)])[0]?.data[0] as Message
  assert.deepEqual(value(ipvs.decodeTimeouts(read)), { tcpSeconds: 600, tcpFinSeconds: 60, udpSeconds: 45 })
})
check('synchronisation daemons', () => {
  assert.deepEqual(codes(ipvs.newDaemon(family, { state: 'master', interface: 'lo', syncId: 76 })), ['OK'])
  assert.match(ipvsadm('-L --daemon'), /master sync daemon \(mcast=lo, syncid=76/)
  const daemons = (): ipvs.RunningDaemon[] =>
    socket.dump(ipvs.dumpDaemons(family)).map((message) => value(ipvs.decodeDaemon(message)))
  const usual = { longest: 1472, group: '224.0.0.81', port: 8848, ttl: 1 }
  assert.deepEqual(daemons(), [{ state: 'master', interface: 'lo', syncId: 76, ...usual }])
  const own = { longest: 1024, group: '239.1.2.3', port: 9999, ttl: 4 }
  const backup = { state: 'backup', interface: 'lo', syncId: 255, ...own } as const
  assert.deepEqual(codes(ipvs.newDaemon(family, backup)), ['OK'])
  assert.deepEqual(daemons()[1], backup)
  const shown = ipvsadm('-L --daemon')
  assert.match(shown, /backup sync daemon \(mcast=lo, syncid=255, maxlen=1024, group=239\.1\.2\.3, port=9999, ttl=4\)/)
  assert.deepEqual(codes(ipvs.newDaemon(family, backup), ipvs.newDaemon(family, { ...backup, interface: 'none' })), [
    'EEXIST',
    'ENODEV',
  ])
  assert.ok(stopped('backup'))
  assert.deepEqual(codes(ipvs.newDaemon(family, { ...backup, group: '10.1.2.3' })), ['EINVAL'])
  ipvsadm('--start-daemon backup --mcast-interface lo --syncid 7 --sync-maxlen 2000 --mcast-port 8850')
  assert.deepEqual(daemons()[1], { state: 'backup', interface: 'lo', syncId: 7, ...usual, longest: 2000, port: 8850 })
  assert.ok(stopped('backup'))
  assert.ok(stopped('master'))
  assert.deepEqual(daemons(), [])
  assert.deepEqual(codes(ipvs.deleteDaemon(family, 'backup')), ['ESRCH'])
})
check('a daemon that is stopped before its thread ran: the kernel says nothing, at once, and it is gone', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 50; i++) {
    assert.deepEqual(codes(ipvs.newDaemon(family, { state: 'backup', interface: 'lo', syncId: 7 })), ['OK'])
    const [reply] = socket.request([ipvs.deleteDaemon(family, 'backup')])
    assert.ok(reply)
    seen.add(`${reply.code} ${reply.answered}`)
    assert.deepEqual(socket.dump(ipvs.dumpDaemons(family)), [])
  }
  process.stdout.write(`# ${[...seen].join(', ')}\n`)
  assert.deepEqual(
    [...seen].filter((one) => one !== 'OK true' && one !== 'EINTR false'),
    [],
  )
})
check('deletes', () => {
  assert.deepEqual(
    codes(
      ipvs.deleteDestination(family, http, dr),
      ipvs.deleteService(family, dns),
      ipvs.deleteService(family, marked),
    ),
    ['OK', 'OK', 'OK'],
  )
  const lines = saved()
  assert.ok(
    !lines.some((line) => line.includes('10.11.0.11') || line.includes(':53') || line.includes('-f 7')),
    lines.join('\n'),
  )
  assert.deepEqual(destinations(dns), [], 'a service that is not there has no destinations, and that is no error')
})
check('a thousand services in one request, each answered', () => {
  const many = Array.from({ length: 1000 }, (_, i) =>
    ipvs.newService(family, { name: { ...http, port: 2000 + i }, scheduler: 'rr' }),
  )
  assert.deepEqual(new Set(codes(...many)), new Set(['OK']))
  assert.equal(services().length, saved().filter((line) => line.startsWith('-A')).length)
})

socket.close()
run('ip', 'netns', 'del', space)
process.stdout.write(failed === 0 ? 'ipvs: all checks hold\n' : `ipvs: ${failed} checks failed\n`)
process.exitCode = failed === 0 ? 0 : 1
