/** Node.js, Bun, the account, the programs of PostgreSQL with their libraries, and how many files may be open. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { complainOfRuntime } from '../../../cli/runtime.ts'
import { Fault } from '../../../domain/fault.ts'
import { askVersion, packagedBinaries } from '../../../instances/embedded/binaries.ts'
import type { OperatingSystemAccount } from '../../../instances/embedded/operating-system-account.ts'
import { describeGatewayRuntime, gatewayRuntimesOf } from '../../gateway-runtime.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'runtime'

export async function checkRuntime(context: CheckContext): Promise<readonly Finding[]> {
  return [
    checkNode(),
    checkGatewayRuntime(context),
    ...(context.account instanceof Fault
      ? [wrong(CHECK, context.account.message, context.account.nextStep ?? '')]
      : [checkPostgres(context, context.account)]),
    ...(await checkOpenFiles(context)),
  ]
}

function checkNode(): Finding {
  const { node } = process.versions
  return complainOfRuntime(process.versions) === undefined
    ? ok(CHECK, `Node.js ${node}`)
    : wrong(CHECK, `Node.js ${node} is too old.`, 'Install Node.js 20.19 or later from https://nodejs.org.')
}

function checkGatewayRuntime({ settings }: CheckContext): Finding {
  const [preferred] = gatewayRuntimesOf(settings)
  if (preferred.name !== 'Bun') {
    return ok(CHECK, `The gateway runs on ${describeGatewayRuntime(settings)}.`)
  }
  const { status, error, stderr } = spawnSync(preferred.program, ['--version'], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env['PATH'], ...preferred.environment },
  })
  if (status === 0) return ok(CHECK, `The gateway runs on ${describeGatewayRuntime(settings)}.`)
  const said = error?.message ?? (stderr.trim() || `exit status ${String(status)}`)
  return settings['gateway-runtime'].value === 'bun'
    ? wrong(
        CHECK,
        `Bun does not run on this machine: ${said}.`,
        'Leave LAKEGATE_GATEWAY_RUNTIME out: then the gateway runs on Node.js.',
      )
    : warning(
        CHECK,
        `Bun does not run on this machine: ${said}. The gateway runs on Node.js instead, which serves fewer sessions a core.`,
        'Nothing has to be done; LAKEGATE_GATEWAY_RUNTIME=node saves the attempt.',
      )
}

/** A start copies programs that the account cannot reach; here they are run as whoever can. */
function checkPostgres({ settings }: CheckContext, account: OperatingSystemAccount): Finding {
  const directory = settings['postgres-binaries'].value ?? packagedBinaries()
  const binaries = {
    postgres: path.join(directory, 'bin/postgres'),
    initdb: path.join(directory, 'bin/initdb'),
  }
  const asked = [askVersion(binaries, account), askVersion(binaries, { spawnAs: undefined })]
  const found = asked.find((answer) => 'version' in answer)
  if (found !== undefined) return ok(CHECK, `PostgreSQL ${found.version} runs as ${account.name}.`)
  const [problem] = asked
  return wrong(
    CHECK,
    `PostgreSQL in ${directory} does not run: ${problem !== undefined && 'problem' in problem ? oneLine(problem.problem) : ''}.`,
    'Install what is named there (a library most likely), or name other programs of PostgreSQL 18 with LAKEGATE_POSTGRES_BINARIES.',
  )
}

const oneLine = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' / ')
    .replace(/\.$/, '')

/** For HTTP and what a gateway needs besides its sessions. */
const OTHER_FILES = 4_000 + 200

async function checkOpenFiles({ settings }: CheckContext): Promise<readonly Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []
  if (soft === undefined) return []
  const needed = settings['connections-per-instance'].value + OTHER_FILES
  return [
    Number(soft) >= needed
      ? ok(CHECK, `${soft} files may be open.`)
      : warning(
          CHECK,
          `This shell allows ${soft} open files, and the limits of connections (connections-per-instance, HTTP) need about ${String(needed)}.`,
          'Raise LimitNOFILE= of the service, or `ulimit -n`, where Lakegate is started.',
        ),
  ]
}
