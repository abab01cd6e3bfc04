/** What a machine says of itself, on the real kernel: interfaces whose carrier comes and goes, that get damaged frames, and that run at half duplex; a process that is killed for want of memory. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { InterfaceReading, VitalsReading } from '../../agent/node/core/vitals/reading.ts'
import { ip, ipJson, space } from './space.ts'

const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})
const ROOM = new URL('../../agent/node/adapters/vitals/', import.meta.url).href

/** /sys is that of the namespace only in a process that was begun there. */
function inSpace(text: string): unknown {
  const words = ['netns', 'exec', space, process.execPath, '--input-type=module', '-e', text]
  return JSON.parse(execFileSync('ip', words, { encoding: 'utf8' }))
}
function read(name: string, index = Number(ipJson(`link show ${name}`)[0]?.['ifindex'])): InterfaceReading[] {
  const wanted = JSON.stringify([{ name, index }])
  return inSpace(`
    import { readInterfaces } from '${ROOM}interfaces.ts'
    console.log(JSON.stringify(await readInterfaces(${wanted}, true)))`) as InterfaceReading[]
}
/** Of a device more is read, and in a namespace there is none: one that the kernel made is shown as one. */
function readAsDevice(name: string): InterfaceReading[] {
  const wanted = JSON.stringify([{ name, index: Number(ipJson(`link show ${name}`)[0]?.['ifindex']) }])
  return inSpace(`
    import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
    import { readInterfaces } from '${ROOM}interfaces.ts'
    const net = mkdtempSync('/tmp/lvsm-device-')
    mkdirSync(net + '/${name}/device', { recursive: true })
    for (const part of readdirSync('/sys/class/net/${name}'))
      symlinkSync('/sys/class/net/${name}/' + part, net + '/${name}/' + part)
    console.log(JSON.stringify(await readInterfaces(${wanted}, true, net)))
    rmSync(net, { recursive: true })`) as InterfaceReading[]
}

test('a carrier that comes and goes is counted, twice each time', () => {
  const before = read('left')[0]?.carrierChanges ?? Number.NaN
  for (let times = 0; times < 3; times++) {
    ip('link set right down')
    ip('link set right up')
  }
  expect(read('left')[0]?.carrierChanges).toBe(before + 6)
  expect(read('left', 4711), 'another one of that name').toEqual([])
})

/** struct ethtool_cmd; a tap takes what it is told; what has a header that cannot be (struct virtio_net_hdr) is a damaged frame of a tun. */
const TUNS = `
import fcntl, os, socket, struct, time
def tun(name, flags):
  f = os.open('/dev/net/tun', os.O_RDWR)
  fcntl.ioctl(f, 0x400454ca, struct.pack('16sH14x', name, flags | 0x1000))
  return f
a, b = tun(b'slow', 2), tun(b'bad', 0x4001)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
import array
cmd = array.array('B', struct.pack('=IIIHBBBBBBIIHBB3I', 2, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
fcntl.ioctl(s, 0x8946, struct.pack('16sP8x', b'slow', cmd.buffer_info()[0]))
os.system('ip link set slow up; ip link set bad up')
for n in range(25):
  try: os.write(b, bytes([0, 0x7f] + [0] * 8 + [0x45] + [0] * 59))
  except OSError: pass
print('ready', flush=True)
time.sleep(600)
`
test('half duplex, and frames that are damaged', async () => {
  const child = spawn('ip', ['netns', 'exec', space, 'python3', '-uc', TUNS], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  expect(readAsDevice('slow')).toMatchObject([{ pace: { speed: 100, half: true }, bond: null }])
  expect(readAsDevice('bad')).toMatchObject([{ rx: { errors: 25, kinds: { rx_frame_errors: 25 } } }])
  expect(read('bad'), 'of what is no device nothing is judged').toMatchObject([{ device: false, rx: { packets: 0 } }])
})

test('an interface with what it stands on', () => {
  ip('link add link left name over type macvlan')
  expect(read('over').map(({ name, lower }) => [name, ...lower])).toEqual([['over', 'left'], ['left']])
})

test('memory and tables, as this kernel shows them', () => {
  const { memory, tables } = inSpace(`
    import { readMemory } from '${ROOM}memory.ts'
    import { readTables } from '${ROOM}tables.ts'
    console.log(JSON.stringify({ memory: await readMemory(false), tables: await readTables() }))`) as VitalsReading
  expect(memory.kills).toBeGreaterThanOrEqual(0)
  expect(tables.ipv4, 'tables of neighbours are shown in the first network namespace alone').toBeNull()
  expect(tables.conntrack).toMatchObject({ count: 0, dropped: 0 })
  expect(tables.conntrack?.most).toBeGreaterThan(0)
})

/** A process that takes memory without end, in a control group that has a bound, of whichever version has the memory here. */
interface Bounded {
  readonly at: string
  /** File and text. */
  readonly bounds: readonly (readonly [string, string])[]
}
const [V1, V2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']
function boundedGroup(): Bounded | null {
  const bytes = String(32 << 20)
  if (existsSync(`${V1}/memory.limit_in_bytes`))
    return { at: `${V1}/${space}`, bounds: [['memory.limit_in_bytes', bytes]] }
  const controllers = `${V2}/cgroup.controllers`
  if (!existsSync(controllers) || !readFileSync(controllers, 'utf8').split(/\s/).includes('memory')) return null
  writeFileSync(`${V2}/cgroup.subtree_control`, '+memory')
  const swap = existsSync('/proc/swaps') && readFileSync('/proc/swaps', 'utf8').trim().includes('\n')
  return { at: `${V2}/${space}`, bounds: [['memory.max', bytes], ...(swap ? [['memory.swap.max', '0'] as const] : [])] }
}
test('a process that the kernel kills for want of memory is counted', (context) => {
  const group = boundedGroup()
  if (group === null) return context.skip('no control group of this machine has the memory controller')
  // Without it nothing would eat.
  execFileSync('python3', ['-c', ''])
  const kills = (): number =>
    (
      inSpace(`
    import { readMemory } from '${ROOM}memory.ts'
    console.log(JSON.stringify(await readMemory(false)))`) as VitalsReading['memory']
    ).kills ?? Number.NaN
  mkdirSync(group.at)
  try {
    const before = kills()
    for (const [file, text] of group.bounds) writeFileSync(`${group.at}/${file}`, text)
    const eats = `echo $$ >${group.at}/cgroup.procs && exec python3 -c "b = bytearray(256 << 20)"`
    expect(() => execFileSync('sh', ['-c', eats], { stdio: 'ignore' })).toThrow()
    expect(kills()).toBeGreaterThan(before)
  } finally {
    rmdirSync(group.at)
  }
})
