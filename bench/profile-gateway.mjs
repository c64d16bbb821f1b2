// Where the gateway's time goes: V8's processor profile and, where strace is installed, its system calls, under a load
// of logins, queries or COPY. Usage: npm run bench:profile -- [logins|queries|copy] [--seconds N]
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startLakegate } from './gateway/lakegate.mjs'
import { loginsByWireClients } from './gateway/login-load.mjs'
import { libpqEnvironment, pgbench, timePsql } from './gateway/pgbench.mjs'
import { processorSeconds, run, startProgram } from './gateway/processes.mjs'

const ROWS = 25

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '15' } },
  allowPositionals: true,
})
const [load = 'logins'] = positionals
const seconds = Number(values.seconds)
const work = {
  logins: async (target) => {
    const { perSecond } = await loginsByWireClients(target, { processes: 2, connections: 4, seconds })
    return { count: perSecond * seconds, unit: 'login' }
  },
  queries: async (target) => {
    const { transactions } = await pgbench(target, { clients: 8, seconds })
    return { count: transactions, unit: 'transaction' }
  },
  copy: async (target) => {
    await timePsql(target, 'COPY (SELECT repeat($$x$$, 999) FROM generate_series(1, 400000)) TO STDOUT')
    return { count: 400, unit: 'megabyte' }
  },
}[load]
if (work === undefined) throw new Error(`there is no load «${load}»`)

const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-profile-'))
try {
  const lakegate = await startLakegate({ nodeArguments: ['--cpu-prof', `--cpu-prof-dir=${directory}`] })
  try {
    const target = await lakegate.target()
    await run('pgbench', ['-i', '-q', '-s', '1'], { env: libpqEnvironment(target) })
    await work(target)
    const pids = await lakegate.pids()
    const before = await processorSeconds(pids)
    const { count, unit } = await work(target)
    const used = (await processorSeconds(pids)) - before
    console.log(`${Math.round(count)} ${unit}s, ${((used * 1e6) / count).toFixed(0)} µs of processor each\n`)
    await countSystemCalls(pids, () => work(target))
  } finally {
    await lakegate.stop()
  }
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile')))
    printProfile(JSON.parse(await readFile(path.join(directory, file), 'utf8')))
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

async function countSystemCalls(pids, underLoad) {
  const strace = startProgram('strace', ['-c', '-f', ...pids.flatMap((pid) => ['-p', String(pid)])])
  const { count, unit } = await underLoad()
  await strace.stop('SIGINT')
  const calls = strace
    .output()
    .split('\n')
    .map((line) => /^\s*([\d.]+)\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line))
    .filter((match) => match !== null && match[3] !== 'total')
  if (calls.length === 0) {
    console.log('system calls were not counted: strace is not installed or may not attach\n')
    return
  }
  console.log(`system calls for each ${unit}, and the share of the time in the kernel`)
  for (const [, share, number, name] of calls.slice(0, 12))
    console.log(`${(Number(number) / count).toFixed(2).padStart(9)}  ${share.padStart(6)} %  ${name}`)
  console.log()
}

function printProfile({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])))
  const self = new Map()
  const total = new Map()
  let sum = 0
  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index]
    const name = nameOf(byId.get(id))
    if (name === '(idle)' || name === '(program)') continue
    sum += time
    self.set(name, (self.get(name) ?? 0) + time)
    const seen = new Set()
    for (let node = id; node !== undefined; node = parents.get(node)) seen.add(nameOf(byId.get(node)))
    for (const one of seen) total.set(one, (total.get(one) ?? 0) + time)
  }
  for (const [title, times] of [
    ['share of the profile, the function itself', self],
    ['share of the profile, with what it calls', total],
  ]) {
    console.log(title)
    const rows = [...times].sort((a, b) => b[1] - a[1]).filter(([name]) => !name.startsWith('(root)'))
    for (const [name, time] of rows.slice(0, ROWS))
      console.log(`${((time / sum) * 100).toFixed(1).padStart(6)} %  ${name}`)
    console.log()
  }
}

function nameOf({ callFrame: { functionName, url, lineNumber } }) {
  const place = url === '' ? '' : ` ${url.replace(/^.*\/(node_modules|dist)\//, '')}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}
