/**
 * The pages of docs/clients about database libraries: their programs, as they stand there, run by a reader with the variables of
 * the overview. The library is the built one, as it is published.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REPOSITORY } from '../../../server/test/house/sources.ts'
import { blocksOf, blocksRunBy, type Block } from '../../../server/test/stage/document.ts'
import { everyClient, proves } from '../../../server/test/stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../../../server/test/stage/example-reader.ts'
import { sharedLakegate } from '../../../server/test/stage/shared-lakegate.ts'
import { asOwner } from '../../../server/test/stage/service-principal.ts'
import { directoryOf, versionOf } from './libraries.ts'

const run = promisify(execFile)
const THIS = 'packages/client/test/every-client/documents.test.ts'
const RUNTIME = `Node ${process.versions.node}`
/** The newest that has a client on npm beside its generator. */
const PRISMA = '7.10.0'

const pages = {
  'node-postgres': ['pg', blocksRunBy('docs/clients/node-postgres.md', THIS)],
  'postgres.js': ['postgres', blocksRunBy('docs/clients/postgres-js.md', THIS)],
  Kysely: ['kysely', blocksRunBy('docs/clients/kysely.md', THIS)],
  Drizzle: ['drizzle-orm', blocksRunBy('docs/clients/drizzle.md', THIS)],
  Knex: ['knex', blocksRunBy('docs/clients/knex.md', THIS)],
  TypeORM: ['typeorm', blocksRunBy('docs/clients/typeorm.md', THIS)],
  Sequelize: ['sequelize', blocksRunBy('docs/clients/sequelize.md', THIS)],
} as const
const prismaPage = blocksRunBy('docs/clients/prisma.md', THIS)

const block = (blocks: readonly Block[], words: string): string => {
  const [found, ...others] = blocks.filter(({ text }) => text.includes(words))
  if (found === undefined || others.length > 0) throw new Error(`not one block of the page says ${words}`)
  return found.text
}
/** Run by stage/example-reader.ts for programs in Python, and here for those in JavaScript. */
const variables = block(blocksOf('docs/clients/README.md'), 'export PGHOST=')
const mintCredential = block(pages['node-postgres'][1], 'export async function mintCredential')

const lakegate = sharedLakegate()
let reader: ExampleReader
beforeAll(async () => {
  reader = await createExampleReader(lakegate, 'reads about libraries')
  await asOwner(lakegate, async (owner) => {
    await owner.query('CREATE TABLE IF NOT EXISTS orders (number int PRIMARY KEY)')
    await owner.query(`GRANT SELECT ON orders TO "${reader.principal.applicationId}"`)
  })
  await install(
    reader.directory,
    Object.values(pages).map(([name]) => name),
  )
})
afterAll(() => reader.remove())

/** What `npm install` would put there, from where it is in this repository. */
async function install(directory: string, packages: readonly string[]): Promise<void> {
  for (const name of ['@lakegate/client', ...packages]) {
    const place = path.join(directory, 'node_modules', name)
    await mkdir(path.dirname(place), { recursive: true })
    await symlink(
      name === '@lakegate/client' ? path.join(REPOSITORY, 'packages/client') : directoryOf(name),
      place,
    )
  }
  await writeFile(path.join(directory, 'mint-credential.mjs'), mintCredential)
}

async function runProgram(
  program: string,
  more: Readonly<Record<string, string>> = {},
  before = '',
  runtime = `'${process.execPath}'`,
): Promise<string> {
  const file = `${crypto.randomUUID()}.mjs`
  await reader.write(file, program)
  const { stdout, stderr } = await reader.run(`${variables}\n${before}\nexec ${runtime} '${file}'`, more)
  expect(stderr).toBe('')
  return stdout.trim()
}

for (const [client, [packageName, blocks]] of Object.entries(pages)) {
  const programs = blocks.map(({ text }) => text).filter((text) => text !== mintCredential)
  everyClient({ client, version: versionOf(packageName), runtime: RUNTIME }, () => {
    it.each(programs.filter((text) => text.includes('@lakegate/client')))(
      'runs the program of the page that uses our library (%#)',
      proves('the page'),
      async (program) => {
        expect(await runProgram(program)).toBe(reader.principal.applicationId)
      },
    )

    const plain = block(blocks, 'import { mintCredential }')
    it(
      'runs the program of the page that uses the library alone',
      proves('without our library'),
      async () => {
        expect(await runProgram(plain)).toBe(reader.principal.applicationId)
      },
    )

    it(
      'runs it where the authority is public, as with the real service',
      proves('without our library'),
      async () => {
        const trusts = { NODE_EXTRA_CA_CERTS: lakegate.ready.ca_file }
        expect(await runProgram(plain, trusts, 'unset PGSSLROOTCERT PGSSLMODE')).toBe(
          reader.principal.applicationId,
        )
      },
    )

    it('sends no token where the authority is unknown', proves('TLS'), async () => {
      await expect(runProgram(plain, {}, 'unset PGSSLROOTCERT PGSSLMODE')).rejects.toThrow(/certificate/)
    })
  })
}

const runtimes = await findRuntimes()
afterAll(() => runtimes.remove())

for (const { name, version, command, missing } of runtimes.all)
  everyClient(
    { client: '@lakegate/client', version: undefined, runtime: `${name} ${version}`.trim(), missing },
    () => {
      const programs = Object.entries(pages).flatMap(([client, [, blocks]]) =>
        blocks
          .filter(({ text }) => text.includes('@lakegate/client'))
          .map(({ text }) => [client, text] as const),
      )
      for (const [client, program] of programs)
        it(`runs the program for ${client}`, proves(client), async () => {
          expect(await runProgram(program, {}, '', command)).toBe(reader.principal.applicationId)
        })
    },
  )

/** Bun comes with the server, which it may run; Deno is of npm too. */
async function findRuntimes() {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-runtimes-'))
  await chmod(directory, 0o755)
  const ofServer = createRequire(path.join(REPOSITORY, 'packages/server/package.json'))
  const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch
  const find = async (name: string, locate: () => Promise<string>, options: string) => {
    try {
      const program = await locate()
      const { stdout } = await run(program, ['--version'])
      const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? ''
      return { name, version, command: `'${program}' run ${options}`, missing: undefined }
    } catch (error) {
      return { name, version: '', command: '', missing: `${name} cannot be had: ${firstLineOf(error)}` }
    }
  }
  return {
    all: [
      await find(
        'Bun',
        () => {
          const packageFile = ofServer.resolve(`@oven/bun-${process.platform}-${architecture}/package.json`)
          return Promise.resolve(path.join(path.dirname(packageFile), 'bin', 'bun'))
        },
        '',
      ),
      await find(
        'Deno',
        async () => {
          await installFromNpm(directory, 'deno@2.9.6')
          return path.join(directory, 'node_modules/.bin/deno')
        },
        '--allow-all --node-modules-dir=manual --quiet',
      ),
    ],
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** @throws where it cannot be had */
async function installFromNpm(directory: string, ...packages: readonly string[]): Promise<void> {
  await writeFile(path.join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...packages],
    { cwd: directory, timeout: 300_000 },
  )
}

/** Of what npm says the second one names the reason. */
const firstLineOf = (error: unknown): string => {
  const [first = '', second] = (error instanceof Error ? error.message : String(error)).split('\n')
  return second === undefined || second === '' ? first : second
}

const prisma = await installPrisma()
afterAll(() => prisma.remove())

/** The client and its generator are of npm; where that cannot be reached, why. */
async function installPrisma() {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-prisma-'))
  await chmod(directory, 0o755)
  const packages = [`prisma@${PRISMA}`, `@prisma/client@${PRISMA}`]
  let missing: string | undefined
  try {
    await installFromNpm(directory, ...packages)
  } catch (error) {
    missing = `${packages.join(' and ')} cannot be had: ${firstLineOf(error)}`
  }
  return { directory, missing, remove: () => rm(directory, { recursive: true, force: true }) }
}

everyClient({ client: 'Prisma', version: PRISMA, runtime: RUNTIME, missing: prisma.missing }, () => {
  const runInProject = async (commands: string, more: Readonly<Record<string, string>> = {}) => {
    const { stdout } = await reader.run(`cd '${prisma.directory}'\n${variables}\n${commands}`, {
      // No telemetry, and no program that is not of npm: nothing that is generated needs the schema engine.
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      ...more,
    })
    return stdout.trim()
  }
  const runModule = async (program: string) => {
    const file = `${crypto.randomUUID()}.mjs`
    await writeFile(path.join(prisma.directory, file), program)
    return runInProject(`exec '${process.execPath}' '${file}'`)
  }
  beforeAll(async () => {
    await install(prisma.directory, ['@prisma/adapter-pg', 'pg'])
    await mkdir(path.join(prisma.directory, 'prisma'), { recursive: true })
    await writeFile(path.join(prisma.directory, 'prisma/schema.prisma'), block(prismaPage, 'model Order'))
  })

  it('generates its client as the page shows', proves('the page'), async () => {
    expect(await runInProject(block(prismaPage, 'npx prisma generate'))).toContain('Generated Prisma Client')
  })

  it('runs the program of the page that uses our library', proves('the page'), async () => {
    expect(await runModule(block(prismaPage, '@lakegate/client/prisma'))).toMatch(
      new RegExp(`^${reader.principal.applicationId} \\d+$`),
    )
  })

  it('runs the program of the page that uses Prisma alone', proves('without our library'), async () => {
    expect(await runModule(block(prismaPage, 'new PrismaPg({'))).toMatch(
      new RegExp(`^${reader.principal.applicationId} \\d+$`),
    )
  })
})
