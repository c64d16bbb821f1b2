// Logins, queries, cancels, orderly and abrupt ends, and refused logins, for at least ten minutes; then asks whether
// memory stayed flat and whether a backend or a descriptor was left behind, in the main process and its workers together,
// and whether each of those is still the one that it was. Exits with 1 when something is wrong.
// Usage: npm run bench:soak -- [--minutes N]
import { clearInterval, setInterval } from 'node:timers'
import { parseArgs } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'
import { startLakegate } from './gateway/lakegate.mjs'
import { openDescriptors, processTree, residentBytes } from './gateway/processes.mjs'
import { cancel, logIn } from './gateway/wire-client.mjs'

const CLIENTS = 12
const SAMPLE_MS = 5_000
const MINT_MS = 20 * 60_000
/** Heaps breathe; a leak of one session in a hundred would be far above this after ten minutes. */
const TOLERATED_GROWTH = 0.15
/** The first quarter warms up: compiled code, pools, the heap's own size. */
const WARM_UP_SHARE = 0.25
/** Connections of pools and of the supervisor that come and go by themselves. */
const SPARE_DESCRIPTORS = 12

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const milliseconds = Number(values.minutes) * 60_000

const lakegate = await startLakegate()
const problems = []
const counts = new Map()
try {
  const target = await lakegate.target()
  const watcher = await logIn(target)
  const pids = await processTree(lakegate.pid)
  if (pids.length < 2) throw new Error('there are no workers of the gateway to watch')
  console.log(`watching the processes ${pids.join(', ')}`)
  const before = await openDescriptors(pids)
  const minting = setInterval(async () => {
    target.password = await lakegate.mint()
  }, MINT_MS)
  const begin = performance.now()
  const end = begin + milliseconds
  const samples = []
  const sampling = (async () => {
    while (performance.now() < end) {
      await requireSameProcesses(pids)
      samples.push([(performance.now() - begin) / 1000, (await residentBytes(pids)) / 2 ** 20])
      await pause(SAMPLE_MS)
    }
  })()
  await Promise.all([
    sampling,
    ...Array.from({ length: CLIENTS }, (_, number) => client(number, target, end)),
  ])
  clearInterval(minting)
  await requireSameProcesses(pids)

  const backends = () =>
    watcher.query(
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = session_user AND pid <> pg_backend_pid()`,
    )
  await settle('backends were left behind', async () => (await backends()).length === 0)
  await settle(
    'descriptors were left behind',
    async () => (await openDescriptors(pids)) <= before + SPARE_DESCRIPTORS,
  )
  console.log([...counts].map(([name, number]) => `${name} ${number}`).join(', '))
  judgeMemory(samples)
  for (const pid of pids)
    console.log(`process ${pid}: ${((await residentBytes([pid])) / 2 ** 20).toFixed(0)} MB at the end`)
  console.log(`descriptors before ${before}, after ${await openDescriptors(pids)}`)
  watcher.end()
} finally {
  await lakegate.stop()
}
for (const problem of problems) console.error(`FOUND ${problem}`)
console.log(
  problems.length === 0 ? 'flat: nothing grew, nothing was left behind' : `${problems.length} problems`,
)
process.exitCode = problems.length === 0 ? 0 : 1

/** One deed after another, all kinds in turn. A deed that fails otherwise than it must ends the soak. */
async function client(number, target, end) {
  const deeds = [queries, queries, prolongedCancel, orderly, abrupt, abruptInQuery, wrongToken, halfLogin]
  for (let turn = number; performance.now() < end; turn += 1) {
    const deed = deeds[turn % deeds.length]
    await deed(target)
    counts.set(deed.name, (counts.get(deed.name) ?? 0) + 1)
  }
}

async function queries(target) {
  const session = await logIn(target)
  for (let query = 0; query < 20; query += 1) {
    const [answer] = await session.query(`SELECT ${query} FROM generate_series(1, 50)`)
    if (answer !== String(query)) throw new Error(`asked for ${query}, got ${answer}`)
  }
  session.end()
}

async function prolongedCancel(target) {
  const session = await logIn(target)
  const ended = session.query('SELECT pg_sleep(60)').then(
    () => 'finished',
    (error) => error.code,
  )
  let outcome
  while (outcome === undefined) {
    await cancel(target, session)
    // One that comes before the query has begun cancels nothing.
    outcome = await Promise.race([ended, pause(200)])
  }
  if (outcome !== '57014') throw new Error(`a cancelled query ended with ${outcome}`)
  session.end()
}

async function orderly(target) {
  ;(await logIn(target)).end()
}

async function abrupt(target) {
  ;(await logIn(target)).reset()
}

async function abruptInQuery(target) {
  const session = await logIn(target)
  const ended = session.query(`SELECT repeat('x', 1000) FROM generate_series(1, 100000)`).then(
    () => 'finished',
    () => 'ended',
  )
  await new Promise((resolve) => session.socket.once('data', resolve))
  session.reset()
  await ended
}

async function wrongToken(target) {
  const outcome = await logIn({ ...target, password: `${target.password.slice(0, -4)}AAAA` }).then(
    () => 'admitted',
    (error) => error.code,
  )
  if (outcome !== '28P01') throw new Error(`a wrong token ended with ${outcome}`)
}

async function halfLogin(target) {
  const outcome = await logIn({ ...target, abandon: true }).then(
    () => 'admitted',
    () => 'abandoned',
  )
  if (outcome !== 'abandoned') throw new Error('an abandoned login was admitted')
}

/** A worker that ends is replaced within moments, and the clients of the others would never know. */
async function requireSameProcesses(pids) {
  const now = await processTree(lakegate.pid)
  const gone = pids.filter((pid) => !now.includes(pid))
  if (gone.length > 0)
    throw new Error(`processes of lakegate ended: ${gone.join(', ')}\n${lakegate.output()}`)
}

async function settle(problem, probe) {
  const giveUp = performance.now() + 30_000
  while (!(await probe())) {
    if (performance.now() > giveUp) {
      problems.push(problem)
      return
    }
    await pause(200)
  }
}

/** A straight line through what came after the warm-up, by least squares. */
function judgeMemory(samples) {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const [middleTime, middleMemory] = [
    mean(warm.map(([time]) => time)),
    mean(warm.map(([, memory]) => memory)),
  ]
  const slope =
    warm.reduce((sum, [time, memory]) => sum + (time - middleTime) * (memory - middleMemory), 0) /
    warm.reduce((sum, [time]) => sum + (time - middleTime) ** 2, 0)
  const growth = (slope * (warm.at(-1)[0] - warm[0][0])) / middleMemory
  console.log(
    `memory of the gateway: ${middleMemory.toFixed(0)} MB, ${(slope * 60).toFixed(2)} MB a minute after the warm-up (${(growth * 100).toFixed(1)} %)`,
  )
  if (growth > TOLERATED_GROWTH) problems.push(`memory grew by ${(growth * 100).toFixed(1)} %`)
}
