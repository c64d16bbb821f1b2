/**
 * The commands that work with a workspace as the databricks CLI names them. Their tables are loaded only when a command needs
 * them, or its help, or its completion: a server starts without.
 */
import { Option, type Command } from 'commander'
import { withWorkspace, WorkspaceCommand } from './flags.ts'
import type { OperationGroup } from './operation.ts'

interface Group {
  readonly name: string
  readonly summary: string
  /** Adds the commands below it. */
  readonly fill: (command: Command) => Promise<void>
}

const access = () => import('./access.ts')
const account = () => import('./account.ts')
const directory = () => import('./directory.ts')

const operations =
  <Tables>(load: () => Promise<Tables>, choose: (tables: Tables) => OperationGroup) =>
  async (command: Command): Promise<void> => {
    const [{ addOperations }, tables] = await Promise.all([import('./operation-command.ts'), load()])
    addOperations(command, choose(tables))
  }

const ACCOUNT_GROUPS: readonly Group[] = [
  {
    name: 'custom-app-integration',
    summary: 'OAuth applications of your own',
    fill: operations(account, (tables) => tables.customAppIntegration),
  },
  {
    name: 'federation-policy',
    summary: 'identity providers whose tokens the account trusts',
    fill: operations(account, (tables) => tables.federationPolicy),
  },
  {
    name: 'groups',
    summary: 'groups of the account',
    fill: operations(directory, (tables) => tables.accountGroups),
  },
  {
    name: 'service-principal-federation-policy',
    summary: 'identity providers whose tokens stand for a service principal',
    fill: operations(account, (tables) => tables.servicePrincipalFederationPolicy),
  },
  {
    name: 'service-principal-secrets',
    summary: 'OAuth secrets of service principals',
    fill: operations(access, (tables) => tables.accountSecrets),
  },
  {
    name: 'service-principals',
    summary: 'service principals of the account',
    fill: operations(directory, (tables) => tables.accountServicePrincipals),
  },
  {
    name: 'users',
    summary: 'users of the account',
    fill: operations(directory, (tables) => tables.accountUsers),
  },
  {
    name: 'workspace-assignment',
    summary: 'who is in which workspace',
    fill: operations(account, (tables) => tables.workspaceAssignment),
  },
  {
    name: 'workspaces',
    summary: 'workspaces of the account',
    fill: operations(account, (tables) => tables.workspaces),
  },
]

const GROUPS: readonly Group[] = [
  {
    name: 'auth',
    summary: 'sign in, and the profiles that come of it',
    fill: async (command) => {
      const { addAuthCommands } = await import('./auth/auth-commands.ts')
      command
        .addOption(new Option('--host <host>', 'address of the workspace').hideHelp())
        .addOption(new Option('--account-id <id>', 'account').hideHelp())
      addAuthCommands(command)
    },
  },
  {
    name: 'configure',
    summary: 'keep a personal access token in a profile',
    fill: async (command) => {
      const { withConfigure } = await import('./configure.ts')
      withConfigure(command)
    },
  },
  {
    name: 'current-user',
    summary: 'who you are',
    fill: operations(directory, (tables) => tables.currentUser),
  },
  {
    name: 'database',
    summary: 'database instances, their credentials, roles and catalogs',
    fill: operations(
      () => import('./database.ts'),
      (tables) => tables.group,
    ),
  },
  {
    name: 'users',
    summary: 'users of the workspace',
    fill: operations(directory, (tables) => tables.users),
  },
  {
    name: 'groups',
    summary: 'groups of the workspace',
    fill: operations(directory, (tables) => tables.groups),
  },
  {
    name: 'service-principals',
    summary: 'service principals of the workspace',
    fill: operations(directory, (tables) => tables.servicePrincipals),
  },
  {
    name: 'service-principal-secrets-proxy',
    summary: 'OAuth secrets of service principals, as an administrator of the workspace',
    fill: operations(access, (tables) => tables.secretsProxy),
  },
  {
    name: 'permissions',
    summary: 'who may do what with an instance',
    fill: operations(access, (tables) => tables.permissions),
  },
  {
    name: 'tokens',
    summary: 'your personal access tokens',
    fill: operations(access, (tables) => tables.tokens),
  },
  {
    name: 'token-management',
    summary: 'personal access tokens of everybody',
    fill: operations(access, (tables) => tables.tokenManagement),
  },
  {
    name: 'account',
    summary: 'the account: its users, groups, workspaces and federation',
    fill: async (command) => {
      for (const group of ACCOUNT_GROUPS) command.addCommand(await filled(group))
    },
  },
]

/**
 * Adds the groups; with what is below them where one of these words names it.
 * @param words of the command; undefined for everything
 */
export async function addWorkspaceCommands(
  program: Command,
  words: readonly string[] | undefined,
): Promise<void> {
  for (const group of GROUPS) {
    const isMeant = words === undefined || words.includes(group.name)
    program.addCommand(isMeant ? await filled(group) : emptyGroup(group))
  }
}

const emptyGroup = ({ name, summary }: Group): Command =>
  withWorkspace(new WorkspaceCommand(name)).description(summary).enablePositionalOptions()

async function filled(group: Group): Promise<Command> {
  const command = emptyGroup(group)
  await group.fill(command)
  return command
}
