/** Commands from the tables of operations: what they take, and what they do. */
import type { DatabaseInstance, LakegateHttp } from '@lakegate/client'
import { Option, type Command } from 'commander'
import { setTimeout as pause } from 'node:timers/promises'
import { commandFailed, wrongUsage } from '../exit-codes.ts'
import { pathOfInstance } from '../instance-at-server.ts'
import { createOutput, type Output } from '../output/output.ts'
import { call, callList } from './call.ts'
import { atWorkspace, type Workspace } from './connection.ts'
import { parseDuration } from './duration.ts'
import { withWorkspace, WorkspaceCommand, type WorkspaceFlags } from './flags.ts'
import { JSON_FLAG, JSON_FLAG_SAYS, readJsonFlag } from './json-flag.ts'
import type { Flag, Operation, OperationGroup } from './operation.ts'
import { requestOf, type ApiRequest } from './request.ts'
import { showItem, showList } from './show-answer.ts'

interface OperationFlags extends WorkspaceFlags {
  readonly json?: string
  readonly limit?: string
  readonly wait?: boolean
  readonly timeout?: string
}

/** Adds the commands of a group to its command. */
export function addOperations(parent: Command, { operations }: OperationGroup): void {
  for (const operation of operations) parent.addCommand(commandOf(operation))
}

function commandOf(operation: Operation): Command {
  const command = new WorkspaceCommand(operation.name).description(operation.summary)
  const taken = operation.arguments ?? []
  // All are optional to the parser, because with --json some are not given; they are counted when the command runs.
  for (const { name, about } of taken) command.argument(`[${name}]`, about)
  command.usage([...taken.map(({ name }) => name), '[options]'].join(' '))
  for (const flag of operation.flags ?? []) for (const option of optionsOf(flag)) command.addOption(option)
  if (operation.json !== undefined) command.option(JSON_FLAG, JSON_FLAG_SAYS)
  if (operation.answer.kind === 'list' && operation.answer.paging.by === 'token')
    command.option('--limit <number>', 'most of them in all')
  if (operation.waits === true)
    command
      .option('--no-wait', 'do not wait until it is AVAILABLE')
      .option('--timeout <duration>', 'how long to wait: 20m, 90s', '20m')
  withWorkspace(command)
  return command.action(async () => {
    await run(operation, command)
  })
}

function optionsOf({ name, value, about, choices, isHidden }: Flag): readonly Option[] {
  const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, about)
  if (choices !== undefined) option.choices(choices)
  option.hideHelp(isHidden === true)
  // So that a switch can be given as false, too.
  return value === undefined ? [option, new Option(`--no-${name}`).hideHelp()] : [option]
}

async function run(operation: Operation, command: Command): Promise<void> {
  const flags = command.opts<OperationFlags & Record<string, unknown>>()
  const json = flags.json === undefined ? undefined : await readJsonFlag(flags.json)
  const request = requestOf(operation, { positional: command.args, flags: command.opts(), json })
  const limit = parseLimit(flags.limit)
  const waitMs =
    flags.wait === false || operation.waits !== true
      ? undefined
      : parseDuration('--timeout', flags.timeout ?? '20m')
  const output = createOutput(flags)
  await atWorkspace(flags, async (workspace) => {
    const located = await locate(request, workspace)
    if (operation.answer.kind === 'list') {
      const items = await callList(workspace.http, operation, operation.answer, located, limit)
      showList(items, operation.answer, output)
      return
    }
    const answer = await call(workspace.http, operation, located)
    if (operation.answer.kind === 'nothing') return
    const shown =
      waitMs === undefined
        ? answer
        : await untilAvailable(workspace.http, answer as DatabaseInstance, waitMs, output)
    showItem(shown, operation.answer, output)
  })
}

async function locate(request: ApiRequest, workspace: Workspace): Promise<ApiRequest> {
  if (!request.path.includes('{account_id}')) return request
  const account = encodeURIComponent(await workspace.accountId())
  return { ...request, path: request.path.replace('{account_id}', account) }
}

function parseLimit(word: string | undefined): number {
  if (word === undefined) return 0
  if (/^\d{1,9}$/.test(word)) return Number(word)
  throw wrongUsage(
    `--limit is “${word}”, which is no whole number of 0 or more.`,
    'Write --limit 20; 0 is all of them.',
  )
}

const ASK_AGAIN_MS = 500

/** An instance that is created as a stopped one does not become available. */
const SETTLED: readonly string[] = ['AVAILABLE', 'STOPPED']

async function untilAvailable(
  http: LakegateHttp,
  created: DatabaseInstance,
  milliseconds: number,
  output: Output,
): Promise<DatabaseInstance> {
  const end = performance.now() + milliseconds
  let instance = created
  try {
    while (!SETTLED.includes(instance.state)) {
      if (performance.now() >= end)
        throw commandFailed(
          `${instance.name} is still ${instance.state} after ${String(milliseconds / 1000)} seconds${instance.status_message === undefined ? '.' : `: ${instance.status_message}`}`,
          `It goes on; \`lakegate database get-database-instance ${instance.name}\` shows how far it is.`,
        )
      output.status.update(`${instance.name} is ${instance.state}`)
      await pause(ASK_AGAIN_MS)
      instance = await http.request<DatabaseInstance>('GET', pathOfInstance(instance.name))
    }
  } finally {
    output.status.clear()
  }
  return instance
}
