// The query of a login at growing sizes of the directory: its plan, how many rows it touches, and the ratio of the
// median times to those of the smallest size. Usage: npm run bench:login-query [identities ...]
import { runnerImport } from 'vite'

const load = async (file) => (await runnerImport(new URL(file, import.meta.url).pathname)).module
const { startTestSystemDatabase } = await load('../packages/server/test/stage/system-database.ts')
const { loadDirectory } = await load('../packages/server/test/stage/large-directory.ts')
const { createLoginDirectory, loginFactsQuery } = await load('../packages/server/src/store/login-facts.ts')

const ROUNDS = 400
const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(1_000, 100_000, 1_000_000)

const system = await startTestSystemDatabase()
const medians = []
try {
  for (const size of sizes) {
    const { workspaceId, member, topGroup } = await loadDirectory(system.database, size)
    const question = { identityId: member, workspaceId, groupId: topGroup }
    const query = loginFactsQuery({
      instanceUids: [null],
      identityIds: [member],
      workspaceIds: [workspaceId],
      groupIds: [topGroup],
    }).compile(system.database)
    const { rows } = await system.database.executeQuery({
      ...query,
      sql: `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, COSTS OFF) ${query.sql}`,
    })
    console.log(`\n=== ${size.toLocaleString('en')} identities, groups nested ten deep\n`)
    console.log(rows.map((row) => row['QUERY PLAN']).join('\n'))
    const directory = createLoginDirectory(system.database)
    const times = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const begin = performance.now()
      await directory.loadLoginFacts(question)
      times.push(performance.now() - begin)
    }
    // The first tenth warms the caches.
    const warm = times.slice(ROUNDS / 10).sort((a, b) => a - b)
    medians.push({
      size,
      median: warm[Math.floor(warm.length / 2)],
      p99: warm[Math.floor(warm.length * 0.99)],
    })
  }
} finally {
  await system.stop()
}
console.log('\nidentities      median       p99   median ratio')
for (const { size, median, p99 } of medians) {
  const ratio = median / medians[0].median
  console.log(
    `${size.toLocaleString('en').padStart(10)}  ${median.toFixed(3).padStart(7)} ms  ${p99.toFixed(3).padStart(7)} ms  ${ratio.toFixed(2).padStart(9)}×`,
  )
}
