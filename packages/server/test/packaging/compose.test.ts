/** The compose files: what compose itself reads in them, how its services are confined, and that the page's commands are right. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
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
}

const compose = await compileGoProgram('compose-check', {
  source: SOURCE,
  modules: [
    'github.com/compose-spec/compose-go/v2@v2.16.2',
    'github.com/compose-spec/compose-go/v2/cli@v2.16.2',
  ],
})
afterAll(() => compose.remove())

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
    const { services, configs } = await load('compose.separate.yaml', { SYSTEM_DATABASE_PASSWORD: 'a/b' })
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
  })

  it('that the separate halves need a password, and says so', async () => {
    await expect(load('compose.separate.yaml', {})).rejects.toThrow('a password for the system database')
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
      await shell.standIn('sudo', 'shift; while [[ $1 == --owner=* ]]; do shift; done; exec install "$@"')
      const commands = blocksRunBy('docs/deploy/compose.md', THIS).map(({ text }) => text)
      const files = path.join(work, 'deploy')
      await run('cp', ['--recursive', path.join(REPOSITORY, 'deploy'), files])
      await shell.run(commands.join('\n'))
      const calls = readFileSync(path.join(work, 'calls'), 'utf8').trim().split('\n')
      const named = calls.flatMap((call) => [...call.matchAll(/--file (\S+)/g)].map(([, file = '']) => file))
      expect(named.length).toBeGreaterThan(0)
      expect(named.filter((file) => !existsSync(path.join(REPOSITORY, file)))).toEqual([])
      const key = readFileSync(path.join(work, 'deploy/compose/master.key'), 'utf8')
      expect(Buffer.from(key, 'base64').length).toBe(32)
    } finally {
      await rm(work, { recursive: true })
    }
  })
})
