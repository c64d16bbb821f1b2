/**
 * Schemathesis against a Lakegate of its own, thrown away afterwards: requests made from the OpenAPI document that the
 * server serves, good ones and bad ones, and what the server answers held against that document.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import { installPythonClient } from '../stage/python-client.ts'

const REQUIREMENTS = ['schemathesis==4.32.5', 'openapi-spec-validator==0.9.0']

/** What is not checked, and why. */
const LEFT_OUT = {
  unsupported_method: 'a method that a path does not have is 404 ENDPOINT_NOT_FOUND, as at the real service',
  positive_data_acceptance:
    'what JSON Schema cannot say is refused too: names that are reserved, instances that are not there, text that could be mistaken for other text',
}

export interface Outcome {
  /** Undefined when schemathesis cannot be had. */
  readonly code: number | undefined
  readonly missing: string | undefined
  /** What the server logged as its own fault. */
  readonly faults: readonly string[]
}

/** @param only the tag of the only service to test */
export async function runSchemathesis(options: {
  readonly minutes: number
  readonly seed: number
  readonly only: string | undefined
}): Promise<Outcome> {
  const schemathesis = await installPythonClient(...REQUIREMENTS)
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-schemathesis-'))
  try {
    if (schemathesis.missing !== undefined)
      return { code: undefined, missing: schemathesis.missing, faults: [] }
    const lakegate = await startOwnLakegate({
      // More than that would only be slower.
      LAKEGATE_INSTANCES_PER_WORKSPACE: '3',
      LAKEGATE_LOG_LEVEL: 'warn',
    })
    try {
      const { ready } = lakegate
      const config = path.join(directory, 'schemathesis.toml')
      await writeFile(config, configurationFor(ready.account_id, ready.instance.name))
      const document = path.join(directory, 'openapi.json')
      await writeFile(document, await (await fetch(`${ready.http_url}/openapi.json`)).text())
      const validity = await run(schemathesis.python, ['-m', 'openapi_spec_validator', document], {
        cwd: directory,
        token: '',
      })
      if (validity !== 0) return { code: validity, missing: undefined, faults: [] }
      const code = await run(
        path.join(path.dirname(schemathesis.python), 'schemathesis'),
        [
          ...['--config-file', config, 'run', `${ready.http_url}/openapi.json`],
          ...['--max-time', String(Math.round(options.minutes * 60)), '--seed', String(options.seed)],
          ...['--checks', 'all', '--exclude-checks', Object.keys(LEFT_OUT).join(',')],
          ...['--continue-on-failure', '--suppress-health-check', 'all', '--warnings', 'off'],
          ...['--no-color', '--report', 'json', '--report-dir', directory],
          ...(options.only === undefined ? [] : ['--include-tag', options.only]),
        ],
        { cwd: directory, token: ready.admin_token },
      )
      const faults = lakegate
        .output()
        .split('\n')
        .filter((line) => line.includes('a request failed'))
      return { code, missing: undefined, faults }
    } finally {
      await lakegate.remove()
    }
  } finally {
    await schemathesis.remove()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Parameters that name what is there, so that requests get further than «not found». The token is in no file. */
const configurationFor = (account: string, instance: string): string => `
headers = { Authorization = "Bearer \${LAKEGATE_TOKEN}" }

[parameters]
"path.account_id" = "${account}"
"path.instance_name" = "${instance}"
"path.request_object_id" = "${instance}"

# Identity providers send null for what is not there (RFC 7643 §2.5), booleans as texts, and plain texts for values.
[[operations]]
include-path-regex = "/scim/v2/"
checks.negative_data_rejection.enabled = false
`

function run(
  program: string,
  parameters: readonly string[],
  { cwd, token }: { readonly cwd: string; readonly token: string },
): Promise<number> {
  const child = spawn(program, parameters, {
    cwd,
    env: { ...process.env, LAKEGATE_TOKEN: token },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}
