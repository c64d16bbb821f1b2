// PostgreSQL's own regression suite, from Debian's source package, as the owner of an instance: twice directly over the
// instance's Unix socket, once through the gateway with a token, each on a fresh Lakegate. What is printed must be the
// same, file by file; where the two direct runs already print different things, it is not the gateway that differs. No
// identity may be a superuser, so statements that need one fail, and must fail alike.
// Usage: npm run postgres-regression -- [--keep DIRECTORY] [--only test,test,…]
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startLakegate } from '../bench/gateway/lakegate.mjs'
import { libpqEnvironment } from '../bench/gateway/pgbench.mjs'
import { run, startProgram } from '../bench/gateway/processes.mjs'

const PACKAGE = 'postgresql-15'
const SOURCES =
  'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n'
const SUPERUSER = 'cloud_admin'
const DATABASE = 'regression'
/** As pg_regress sets them, so that times and intervals print as the suite expects. */
const EXPECTED_ENVIRONMENT = {
  PGTZ: 'PST8PDT',
  PGDATESTYLE: 'Postgres, MDY',
  PGOPTIONS: '-c intervalstyle=postgres_verbose',
  LC_ALL: 'C.UTF-8',
  LANGUAGE: 'C',
}

const GIVE_TABLES_TO_OWNER = `DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE public.%I OWNER TO "the_owner"', name);
  END LOOP;
  GRANT ALL ON SCHEMA public TO "the_owner";
END $$`

const { values } = parseArgs({ options: { keep: { type: 'string' }, only: { type: 'string' } } })
const directory = values.keep ?? (await mkdtemp(path.join(tmpdir(), 'lakegate-regression-')))
await mkdir(directory, { recursive: true })
// The server reads the suite's data files from it.
await chmod(directory, 0o755)
try {
  const suite = await fetchSuite()
  const schedule = await readFile(path.join(suite, 'parallel_schedule'), 'utf8')
  const scheduled = schedule
    .split('\n')
    .filter((line) => line.startsWith('test: '))
    .flatMap((line) => line.slice('test: '.length).split(' '))
    .filter((name) => name !== 'test_setup')
  const tests = values.only?.split(',') ?? scheduled
  const runs = []
  for (const [way, name] of [
    ['direct', 'direct'],
    ['direct', 'control'],
    ['gateway', 'gateway'],
  ])
    runs.push(await runSuite(way, name, suite, tests))
  const different = []
  const unsteady = []
  for (const test of tests) {
    const [direct, control, gateway] = await Promise.all(
      runs.map(async (results) => withoutPlaces(await readFile(path.join(results, `${test}.out`), 'utf8'))),
    )
    // Lines where the suite itself says other things each time: numbers of objects, sizes, buffers, directories.
    if (direct !== control) unsteady.push({ test, ...firstDifference(direct, control) })
    const found = firstDifference(direct, gateway, unsteadyLines(direct, control))
    if (found !== undefined) different.push({ test, ...found })
  }
  console.log(
    `${tests.length - different.length} of ${tests.length} tests print the same directly and through the gateway`,
  )
  for (const { test, line, left, right } of different)
    console.log(`\n${test}, line ${line}\n  directly:            ${left}\n  through the gateway: ${right}`)
  console.log(`\n${unsteady.length} print something else directly as well, when they are run again:`)
  for (const { test, line, left, right } of unsteady)
    console.log(`\n${test}, line ${line}\n  directly:            ${left}\n  directly again:      ${right}`)
  process.exitCode = different.length === 0 ? 0 : 1
} finally {
  if (values.keep === undefined) await rm(directory, { recursive: true, force: true })
}

/** With an apt configuration of its own: the machine's stays as it is. */
async function fetchSuite() {
  const source = path.join(directory, 'source')
  const suite = path.join(source, 'src', 'test', 'regress')
  if ((await readdir(suite).catch(() => [])).length > 0) return suite
  for (const part of ['lists/partial', 'cache/archives/partial', 'source'])
    await mkdir(path.join(directory, part), { recursive: true })
  const list = path.join(directory, 'sources.list')
  await writeFile(list, SOURCES)
  const own = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${directory}/lists`, '-o', `Dir::Cache=${directory}/cache`],
    ...['-o', `APT::Sandbox::User=${process.env.USER ?? 'root'}`],
  ]
  await run('apt-get', [...own, 'update'])
  await run('apt-get', [...own, 'source', '--download-only', PACKAGE], { cwd: directory })
  const archive = (await readdir(directory)).find((name) => /\.orig\.tar\./.test(name))
  await run('tar', [
    ...['-xf', path.join(directory, archive), '-C', source, '--strip-components=1'],
    ...['--wildcards', '*/src/test/regress'],
  ])
  return suite
}

/** @returns the directory of what each test printed */
async function runSuite(way, name, suite, tests) {
  const results = path.join(directory, name)
  await mkdir(results, { recursive: true })
  const lakegate = await startLakegate()
  try {
    const owner = lakegate.ready.admin_user
    const socketDirectory = await findSocket(
      path.join(lakegate.dataDirectory, 'instances', lakegate.ready.instance.uid),
    )
    const overSocket = (user, database) => ({
      ...process.env,
      PGHOST: socketDirectory,
      PGPORT: '5432',
      PGUSER: user,
      PGDATABASE: database,
    })
    const suiteEnvironment = {
      ...EXPECTED_ENVIRONMENT,
      PG_ABS_SRCDIR: suite,
      PG_ABS_BUILDDIR: results,
      PG_LIBDIR: suite,
      PG_DLSUFFIX: '.so',
    }
    // What the suite has its superuser prepare; the owner gets the tables and goes on from there.
    const asSuperuser = overSocket(SUPERUSER, 'postgres')
    await run('psql', ['-X', '-q', '-c', `CREATE DATABASE ${DATABASE} OWNER "${owner}" TEMPLATE template0`], {
      env: asSuperuser,
    })
    const setup = { ...overSocket(SUPERUSER, DATABASE), ...suiteEnvironment }
    await runFile(path.join(suite, 'sql', 'test_setup.sql'), path.join(results, 'test_setup.out'), setup)
    await run('psql', ['-X', '-q', '-c', GIVE_TABLES_TO_OWNER.replaceAll('the_owner', owner)], { env: setup })

    const target = { ...(await lakegate.target()), database: DATABASE }
    const env = {
      ...(way === 'direct' ? overSocket(owner, DATABASE) : libpqEnvironment(target)),
      ...suiteEnvironment,
    }
    for (const test of tests) {
      await runFile(path.join(suite, 'sql', `${test}.sql`), path.join(results, `${test}.out`), env)
      process.stdout.write('.')
    }
    process.stdout.write(` ${name}\n`)
    return results
  } finally {
    await lakegate.stop()
  }
}

/** As pg_regress does: everything that psql prints, in one file. A statement that fails is part of the result. */
async function runFile(script, output, env) {
  const [input, printed] = [await open(script), await open(output, 'w')]
  try {
    const psql = startProgram(
      'psql',
      ['-X', '-a', '-q', '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on'],
      { env, stdio: [input.fd, printed.fd, printed.fd] },
    )
    await psql.ended
  } finally {
    await Promise.all([input.close(), printed.close()])
  }
}

async function findSocket(home) {
  const names = await readdir(home, { recursive: true })
  const socket = names.find((name) => name.endsWith('.s.PGSQL.5432'))
  if (socket === undefined) throw new Error(`there is no socket below ${home}`)
  return path.dirname(path.join(home, socket))
}

/** A temporary schema is numbered by its backend's place in shared memory, which depends on who else is there. */
function withoutPlaces(text) {
  return text.replaceAll(/\bpg_temp_\d+/g, 'pg_temp_N')
}

/** @returns undefined where both say the same but for the lines that do not count */
function firstDifference(left, right, ignored = new Set()) {
  const [lines, others] = [left.split('\n'), right.split('\n')]
  for (let line = 0; line < Math.max(lines.length, others.length); line += 1) {
    if (lines[line] !== others[line] && !ignored.has(line))
      return { line: line + 1, left: lines[line] ?? '(the end)', right: others[line] ?? '(the end)' }
  }
  return undefined
}

/** Numbers of the lines in which two direct runs differ. */
function unsteadyLines(direct, control) {
  const [lines, others] = [direct.split('\n'), control.split('\n')]
  return new Set(lines.flatMap((text, line) => (text === others[line] ? [] : [line])))
}
