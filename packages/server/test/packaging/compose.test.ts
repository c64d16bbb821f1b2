/**
 * The compose files: what compose itself reads in them, what of this machine they send to be built, how their services are
 * confined, and that the page's commands are right.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { hasProgram, useShell } from '../stage/document-shell.ts'
import { unknownSettings } from './deployment-settings.ts'
import { compileGoProgram } from './go-program.ts'

const run = promisify(execFile)
const THIS = 'packages/server/test/packaging/compose.test.ts'
const DIRECTORY = path.join(REPOSITORY, 'deploy/compose')
const FILES = ['compose.yaml', 'compose.separate.yaml'] as const

/** The library that `docker compose config` is made of; it checks against the schema of the specification, and references. */
const SOURCE = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithOsEnv, cli.WithResolvedPaths(true))
	if err == nil {
		project, failure := options.LoadProject(context.Background())
		if err = failure; err == nil {
			text, failure := project.MarshalJSON()
			if err = failure; err == nil {
				fmt.Println(string(text))
				return
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
`

/** The library by which BuildKit leaves files out; prints those of its arguments that are sent. */
const CONTEXT_SOURCE = `package main

import (
	"fmt"
	"os"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	patterns, err := ignorefile.ReadAll(file)
	if err != nil {
		panic(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		panic(err)
	}
	for _, name := range os.Args[2:] {
		ignored, err := matcher.MatchesOrParentMatches(name)
		if err != nil {
			panic(err)
		}
		if !ignored {
			fmt.Println(name)
		}
	}
}
`

const SEPARATE = { SYSTEM_DATABASE_PASSWORD: 'a/b', LAKEGATE_MASTER_KEY_FILE: '/etc/lakegate/master.key' }

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number | null>>
  readonly ports?: readonly { readonly host_ip?: string; readonly published?: string }[]
  readonly build?: { readonly context: string; readonly dockerfile: string }
}
interface Project {
  readonly services: Readonly<Record<string, Service>>
  readonly configs?: Readonly<Record<string, { readonly file?: string }>>
  readonly secrets?: Readonly<Record<string, { readonly file?: string }>>
}

const compose = await compileGoProgram('compose-check', {
  source: SOURCE,
  modules: [
    'github.com/compose-spec/compose-go/v2@v2.16.2',
    'github.com/compose-spec/compose-go/v2/cli@v2.16.2',
  ],
})
const buildContext = await compileGoProgram('build-context', {
  source: CONTEXT_SOURCE,
  modules: ['github.com/moby/patternmatcher@v0.6.1'],
})
afterAll(async () => {
  await compose.remove()
  await buildContext.remove()
})

async function load(file: string, environment: Readonly<Record<string, string>>): Promise<Project> {
  const { stdout } = await run(compose.program, [path.join(DIRECTORY, file)], {
    cwd: DIRECTORY,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  })
  return JSON.parse(stdout) as Project
}

describe.skipIf(compose.missing !== undefined)('compose reads', () => {
  it('the single machine as one service that builds from this repository', async () => {
    const { services } = await load('compose.yaml', {})
    expect(Object.keys(services)).toEqual(['lakegate'])
    const { context = '', dockerfile = '' } = services['lakegate']?.build ?? {}
    expect(existsSync(path.join(context, dockerfile))).toBe(true)
    expect(
      services['lakegate']?.ports?.map(({ host_ip, published }) => `${host_ip ?? ''}:${published ?? ''}`),
    ).toEqual(['127.0.0.1:8470', '127.0.0.1:5432'])
  })

  it('the separate halves, upon one system database and one master key', async () => {
    const { services, configs, secrets } = await load('compose.separate.yaml', SEPARATE)
    expect(Object.keys(services).sort()).toEqual([
      'balancer',
      'control',
      'gateway-1',
      'gateway-2',
      'system-database',
    ])
    const halves = ['control', 'gateway-1', 'gateway-2'].map((name) => services[name]?.environment ?? {})
    for (const name of ['LAKEGATE_DATABASE_URL', 'LAKEGATE_MASTER_KEY_FILE', 'LAKEGATE_PUBLIC_URL'])
      expect(new Set(halves.map((environment) => environment[name])).size).toBe(1)
    expect(existsSync(configs?.['balancer']?.file ?? '')).toBe(true)
    expect(secrets?.['master_key']?.file).toBe(SEPARATE.LAKEGATE_MASTER_KEY_FILE)
  })

  it.each([
    ['a password', 'SYSTEM_DATABASE_PASSWORD', 'a password for the system database'],
    ['a master key', 'LAKEGATE_MASTER_KEY_FILE', 'the file with the master key, outside of the checkout'],
  ])('that the separate halves need %s, and says so', async (_, name, words) => {
    await expect(load('compose.separate.yaml', { ...SEPARATE, [name]: '' })).rejects.toThrow(words)
  })
})

describe.skipIf(buildContext.missing !== undefined)('what is sent to be built', () => {
  const sentOf = async (files: readonly string[]): Promise<readonly string[]> => {
    const ignoring = path.join(REPOSITORY, 'deploy/docker/Dockerfile.dockerignore')
    const { stdout } = await run(buildContext.program, [ignoring, ...files], { maxBuffer: 16 * 1024 * 1024 })
    return stdout.split('\n').filter((line) => line !== '')
  }

  it('has nothing secret of who runs it, nor what was built or released before', async () => {
    expect(
      await sentOf([
        'master.key',
        'deploy/compose/master.key',
        'deploy/compose/.env',
        '.env.production',
        'tls/lakegate.pem',
        'tls/lakegate.key',
        'release/lakegate-0.1.0.tgz',
        'packages/server/dist/main.js',
        'node_modules/argon2/package.json',
        '.git/config',
      ]),
    ).toEqual([])
  })

  it('has all of the sources', async () => {
    const { stdout } = await run(
      'git',
      ['ls-files', 'packages', 'scripts', 'package*.json', 'tsconfig*.json'],
      {
        cwd: REPOSITORY,
        maxBuffer: 16 * 1024 * 1024,
      },
    )
    const sources = stdout.split('\n').filter((line) => line !== '')
    expect(sources.length).toBeGreaterThan(1000)
    expect(await sentOf(sources)).toEqual(sources)
  })
})

describe.each(FILES)('every Lakegate of %s', (file) => {
  const text = readFileSync(path.join(DIRECTORY, file), 'utf8')
  const { services } = parse(text, { merge: true }) as Project
  const ours = Object.entries(services).filter(([, { image }]) => image === 'lakegate')

  it('has a root file system that nobody writes to, no capabilities, and no way to more', () => {
    expect(ours.length).toBeGreaterThan(0)
    for (const [, service] of ours)
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '2m',
      })
  })

  it('is told settings that exist', () => {
    expect(unknownSettings(text)).toEqual([])
  })
})

describe('the balancer', () => {
  it.skipIf(!hasProgram('haproxy'))('has a configuration that HAProxy takes', () => {
    const file = path.join(DIRECTORY, 'haproxy.cfg')
    execFileSync('haproxy', ['-c', '-f', file], { stdio: 'pipe' })
  })
})

describe('the page', () => {
  it('names commands that fit the files', async () => {
    const work = await mkdtemp(path.join(tmpdir(), 'lakegate-compose-'))
    try {
      const shell = await useShell(work)
      await shell.standIn('docker', `printf '%s\\n' "docker $*" >> '${work}/calls'`)
      await shell.standIn('sudo', `exec "\${@/#--owner=*/--verbose}" >> '${work}/bin/installed'`)
      const kept = path.join(work, 'bin/kept')
      const commands = blocksRunBy('docs/deploy/compose.md', THIS).map(({ text }) =>
        text.replaceAll('/etc/lakegate', kept),
      )
      const files = path.join(work, 'deploy')
      await run('cp', ['--recursive', path.join(REPOSITORY, 'deploy'), files])
      await shell.run(commands.join('\n'))
      const calls = readFileSync(path.join(work, 'calls'), 'utf8').trim().split('\n')
      const named = calls.flatMap((call) => [...call.matchAll(/--file (\S+)/g)].map(([, file = '']) => file))
      expect(named.length).toBeGreaterThan(0)
      expect(named.filter((file) => !existsSync(path.join(REPOSITORY, file)))).toEqual([])
      const key = readFileSync(path.join(kept, 'master.key'), 'utf8')
      expect(Buffer.from(key, 'base64').length).toBe(32)
      // Whoever follows the page is in the checkout, which is the build context.
      expect((await readdir(work)).sort()).toEqual(['bin', 'calls', 'deploy'])
      await run('diff', ['--recursive', files, path.join(REPOSITORY, 'deploy')])
    } finally {
      await rm(work, { recursive: true })
    }
  })
})
