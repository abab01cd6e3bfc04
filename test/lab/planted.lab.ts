// lab: topology=default long=yes
/** Failures of processes and files: what each node says of them. What others plant (paths, repair, state, ping, services) is not here. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { attempt, lab, NODES, on, sh, status, until } from './harness.ts'
import { everywhere, planted, type Row } from './planting.ts'
import type { Said } from './said.ts'
import { BLIND, DEADTIME, deadIs, immovable, others, owner, standby, unheardOf, VOTER } from './seated.ts'
import type { Seats } from './witness.ts'

const onAll = (said: (seats: Seats) => Said) => (seated: Seats) => everywhere(NODES, said(seated))
/** A process of a node ends for a while. */
const without = (
  verb: 'kill' | 'freeze',
  at: (seats: Seats) => string,
  process: string,
): Pick<Row, 'plant' | 'mend'> => ({
  plant: (seated) => lab(verb, at(seated), process),
  mend: (seated) => lab(verb === 'kill' ? 'start' : 'thaw', at(seated), process),
})
/** An agent is silent when it has missed three publications. */
const SILENCE = { ms: 8500, why: 'an agent that says nothing for 6 s is silent' }

/** Of the lease process of whoever is owner. */
const MOST_ENDS = 8
async function isChanging(): Promise<boolean> {
  const all = await Promise.all(['dir1', 'dir2'].map((node) => status(node)))
  return all.every(({ troubles }) => troubles.some(({ code }) => code === 'owner-changes-often'))
}

/** What a node keeps, spoilt while its agent does not run. */
const spoilt = (name: string, at: (seats: Seats) => string): Pick<Row, 'plant' | 'mend'> => ({
  async plant(seated) {
    const node = at(seated)
    await lab('kill', node, 'agent')
    writeFileSync(`/var/lib/lvsm/${node}/${name}`, 'spoilt')
    await lab('start', node, 'agent')
  },
  async mend(seated) {
    const node = at(seated)
    await lab('kill', node, 'agent')
    await sh(`rm -f /var/lib/lvsm/${node}/${name}*`)
    await lab('start', node, 'agent')
  },
})

/** The process that serves in place of the web server. */
let aside = ''
const PROCESSES: readonly Row[] = [
  {
    what: "the owner's agent is gone",
    ...without('kill', owner, 'agent'),
    said: ({ from }) =>
      everywhere(others(from), {
        ...{ code: 'agent-silent', of: from, line: /not known: the table of http/ },
        also: [unheardOf(from)],
      }),
    needs: SILENCE,
  },
  {
    what: "the owner's agent is gone, then a server dies: nobody shows another table for it",
    plant: async ({ from }) => {
      await lab('kill', from, 'agent')
      await lab('kill', VOTER, 'service')
    },
    mend: async ({ from }) => {
      await lab('start', VOTER, 'service')
      await lab('start', from, 'agent')
    },
    said: ({ from }) =>
      everywhere(others(from), {
        ...{ code: 'agent-silent', of: from, also: [unheardOf(from)] },
        line: new RegExp(`not known: the table of http \\(${from} did not tell it`),
      }),
    needs: SILENCE,
  },
  {
    what: "the standby's agent is gone",
    ...without('kill', standby, 'agent'),
    said: ({ to }) => everywhere(others(to), { code: 'agent-silent', of: to, also: [unheardOf(to)] }),
    needs: SILENCE,
  },
  {
    what: "a realserver's agent is gone",
    ...without('kill', () => VOTER, 'agent'),
    said: () => everywhere(others(VOTER), { code: 'agent-silent', of: VOTER, also: [unheardOf(VOTER)] }),
    needs: SILENCE,
  },
  {
    what: "the standby's agent is frozen",
    ...without('freeze', standby, 'agent'),
    said: ({ to }) => everywhere(others(to), { code: 'agent-silent', of: to, also: [unheardOf(to)] }),
    needs: SILENCE,
  },
  {
    what: "the standby's lease process is gone",
    ...without('kill', standby, 'lease'),
    said: ({ to }) => ({
      ...everywhere(others(to), { line: deadIs(to), also: [immovable(to)] }),
      [to]: { code: 'no-lease-process', of: to, also: [BLIND] },
    }),
    needs: DEADTIME,
  },
  {
    what: "the standby's lease process is frozen",
    ...without('freeze', standby, 'lease'),
    said: ({ to }) => ({
      ...everywhere(others(to), { line: immovable(to), also: [deadIs(to)] }),
      [to]: {
        ...{ code: 'no-lease-process', of: to, words: /lvsm-lease \(process \d+\) is stopped \(state T\)/ },
        ...{ next: /kill -CONT \d+/, also: [BLIND] },
      },
    }),
    needs: DEADTIME,
  },
  {
    what: 'the lease process of whoever is owner ends again and again',
    // Three times within a minute, however long a takeover takes here.
    plant: async () => {
      for (let times = 0; times < MOST_ENDS; times++) {
        const [before] = (await status()).groups
        await lab('crash', before?.owner ?? 'dir1', 'lease')
        const isTaken = async (): Promise<boolean> =>
          (await status()).groups.some((one) => one.owner !== null && one.number > (before?.number ?? 0))
        await until(isTaken, 12_000, 'somebody took it anew')
        if (await isChanging()) return
      }
    },
    mend: async () => undefined,
    said: () =>
      everywhere(['dir1', 'dir2'], {
        code: 'owner-changes-often',
        words: /web was taken \d times/,
        also: [/^(not|cannot|dead)/],
      }),
    remembered: true,
    needs: { ms: 120_000, why: 'it is three takeovers at least, one after the other' },
  },
  {
    what: 'all of a voter is gone',
    ...without('kill', () => VOTER, 'all'),
    said: () => everywhere(others(VOTER), { line: deadIs(VOTER), also: [/^cannot move: .*web is lost if /] }),
    needs: DEADTIME,
  },
  {
    what: 'a web server is gone',
    ...without('kill', () => VOTER, 'service'),
    said: onAll(() => ({ line: new RegExp(`not serving: .*${VOTER}`) })),
  },
  {
    what: 'all web servers are gone',
    plant: () => Promise.all(['rs1', 'rs2', 'rs3'].map((node) => lab('kill', node, 'service'))),
    mend: () => Promise.all(['rs1', 'rs2', 'rs3'].map((node) => lab('start', node, 'service'))),
    said: onAll(() => ({ line: /^not serving: http: (no program listens on rs1 .*; )?all checks fail, / })),
  },
  {
    what: 'a web server listens at the own address of its realserver alone',
    plant: async () => {
      await lab('kill', VOTER, 'service')
      aside = (await on(VOTER, 'python3 -m http.server 80 --bind 10.11.0.11 >/dev/null 2>&1 & echo $!')).trim()
    },
    mend: async () => {
      await attempt(`kill ${aside}`)
      await lab('start', VOTER, 'service')
    },
    said: onAll(() => ({ code: 'listens-elsewhere', of: VOTER, words: /10\.11\.0\.10:80.*10\.11\.0\.11:80/ })),
    needs: { ms: 5500, why: 'an agent looks at its sockets every 2 s, and twice before it speaks' },
  },
  {
    what: 'the record of what is ours is damaged',
    ...spoilt('agent.owned', standby),
    said: ({ to }) => everywhere(NODES, { code: 'record-damaged', of: to, words: /agent\.owned/ }),
    needs: { ms: 9000, why: 'an agent starts first' },
  },
  {
    what: 'the word on standby is damaged',
    ...spoilt('agent.standby', standby),
    said: ({ to }) => everywhere(NODES, { code: 'word-damaged', of: to, words: /agent\.standby/ }),
    needs: { ms: 9000, why: 'an agent starts first' },
  },
  {
    what: 'anybody may write the configuration file of the standby, which is told to read it',
    plant: async ({ to }) => {
      chmodSync(fileOf(to), 0o666)
      await reloaded(to)
    },
    mend: async ({ to }) => {
      chmodSync(fileOf(to), modes.get(to) ?? 0o600)
      await reloaded(to)
    },
    said: ({ to }) =>
      everywhere(NODES, {
        ...{ code: 'configuration-refused', of: to, words: /others may write .* \(mode 0666\)/ },
        next: new RegExp(`^chmod go-w ${fileOf(to)}(;|$)`),
      }),
  },
  {
    what: 'a file with a fault is given to the standby',
    plant: ({ to }) => changed(to, (text) => text.replace('scheduler: wrr', 'scheduler: fastest')),
    mend: ({ to }) => restored(to),
    said: ({ to }) => everywhere(NODES, { code: 'configuration-refused', of: to }),
  },
]

const fileOf = (node: string): string => `/etc/lvsm/${node}.yaml`
const before = new Map(NODES.map((node) => [node, readFileSync(fileOf(node), 'utf8')]))
const modes = new Map(NODES.map((node) => [node, statSync(fileOf(node)).mode & 0o777]))
async function reloaded(node: string): Promise<void> {
  const pid = /^\S+\tagent\t(\d+)/m.exec(await lab('pids', node))?.[1]
  if (pid) await sh(`kill -HUP ${pid}`)
}
async function changed(node: string, change: (text: string) => string): Promise<void> {
  const text = before.get(node) ?? ''
  if (change(text) === text) throw new Error(`nothing is changed in the file of ${node}`)
  writeFileSync(fileOf(node), change(text))
  await reloaded(node)
}
async function restored(node: string): Promise<void> {
  writeFileSync(fileOf(node), before.get(node) ?? '')
  await reloaded(node)
}

/** Of the next word of the odd one, and of one whose change may be on its way, which it is for four seconds. */
const ON_ITS_WAY = { ms: 8000, why: 'a change is on its way for 4 s' }
/** At the odd one: where it has other addresses, the owner's table says nothing of its own. */
const OTHERWISE = [/^not known: the table of http /]
const odd = (what: string, fields: RegExp, line: RegExp, change: (text: string) => string): Row => ({
  what: `the standby has another ${what}`,
  plant: ({ to }) => changed(to, change),
  mend: ({ to }) => restored(to),
  said: ({ to, from }) => ({
    ...everywhere([from, VOTER], { code: 'disagreement', of: to, words: fields, line }),
    [to]: { code: 'disagreement', of: to, words: fields, line, also: OTHERWISE },
  }),
  needs: ON_ITS_WAY,
})
/** It would serve by its own if the owner died, and no operator moves the group there. */
const SWITCHED = /^cannot move: a switchover of web is refused \(/
const CONFIGURATIONS: readonly Row[] = [
  odd('scheduler', /schedulers/, SWITCHED, (text) => text.replace('scheduler: wrr', 'scheduler: rr')),
  odd('port of a realserver', /realservers/, SWITCHED, (text) => text.replace(/port: 8080/, 'port: 8081')),
  odd('VIP', /addresses/, /^cannot move: nobody could take web: /, (text) =>
    text
      .replaceAll('10.11.0.10/24', '10.11.0.20/24')
      .replaceAll('address: 10.11.0.10,', 'address: 10.11.0.20,')
      .replaceAll(/address: 10\.11\.0\.10$/gm, 'address: 10.11.0.20'),
  ),
  {
    what: 'the standby has another key',
    plant: async ({ to }) => {
      await lab('kill', to, 'all')
      writeFileSync(fileOf(to), (before.get(to) ?? '').replace(/secret: "?[0-9a-f]+"?/, `secret: "${'5a'.repeat(32)}"`))
      await lab('start', to, 'all')
    },
    mend: async ({ to }) => {
      await lab('kill', to, 'all')
      writeFileSync(fileOf(to), before.get(to) ?? '')
      await lab('start', to, 'all')
    },
    said: ({ to, from }) => ({
      ...everywhere([from, VOTER], {
        ...{ code: 'peer-unbelieved', of: from, words: new RegExp(to) },
        also: [unheardOf(to)],
      }),
      [to]: { code: 'all-unbelieved', of: to, also: [BLIND] },
    }),
    needs: { ms: 12_000, why: 'both processes start first' },
  },
]

planted([...PROCESSES, ...CONFIGURATIONS])
